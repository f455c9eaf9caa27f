// Package recipe reads and writes the settings of a training, as a config file and
// path=value settings say them.
//
// A setting has the path of its field in a config such as train.Config, by the
// names of JSON: model.lstm.hidden_size is Model.LSTM.HiddenSize. A config file in
// TOML or JSON has groups of them. [ReadSettings] reads both, [Settings.Over] lays
// them over a config that has the defaults, and [WriteTOML] writes a config as a
// file that ReadSettings reads. docs/settings.md lists all settings.
package recipe

//go:generate go test . -run TestSettingsPage -update
