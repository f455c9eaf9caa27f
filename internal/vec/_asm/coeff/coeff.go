// Package coeff holds the constants of package vec that the generators of its assembly
// share.
package coeff

// Values are the constants of generic.go, by the names they have there, and some that are
// written as numbers there.
var Values = map[string]float64{
	"log2e": 1.44269504088896341,
	"ln2Hi": 0.693359375,
	"ln2Lo": -2.12194440054690583e-4,
	"magic": 12582912,

	"expMin": -104,
	"expMax": 89,
	"sigMin": -87.33,
	"sigMax": 87.33,
	"tanMax": 9.1,

	"exp2": 0.49999994,
	"exp3": 0.166665167,
	"exp4": 0.0416681021,
	"exp5": 0.00836919248,
	"exp6": 0.00138389017,

	"one": 1,
	"two": 2,
}
