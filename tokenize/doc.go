// Package tokenize splits text into tokens that remember where they came from.
package tokenize
