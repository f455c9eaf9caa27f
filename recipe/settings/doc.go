// Package settings reads and writes configs as files and path=value settings say them.
//
// A config is a struct with JSON tags, such as train.Config. A setting has the path of
// its field, by the names of JSON: model.lstm.hidden_size is Model.LSTM.HiddenSize. A
// config file in TOML or JSON has groups of them. [Read] reads both, [Tree.Over] lays
// them over a config that has the defaults, and [Tree.WriteFile] writes the settings [Of]
// a config as a file that Read reads.
package settings
