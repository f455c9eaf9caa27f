// Package recipe is a training as a config file describes it: the settings, as package
// settings reads them, the files to learn from, and what to start from. From them it
// makes what a train.Trainer needs, runs it, and saves the model. docs/settings.md lists
// all settings.
package recipe

//go:generate go test . -run TestSettingsPage -update
