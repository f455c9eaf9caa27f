//go:build !(amd64 || arm64) || noasm

package vec

// UseKernel returns the only level, and whether it has that name.
func UseKernel(name string) (was string, ok bool) { return kernelName(), name == kernelName() }

func kernelName() string { return "generic" }

func panelWidth() int { return panel }

func transpose(k, n int, dst []float32, ldd int, src []float32, lds int, add bool) {
	transposeGeneric(k, n, dst, ldd, src, lds, add)
}

func packPanels(panels []float32, width, k, n int, b []float32, ldb int) {
	packPanelsGeneric(panels, width, k, n, b, ldb)
}

func kernel8Name() string { return "generic" }

func dot(x, y []float32) float32                                 { return dotGeneric(x, y) }
func sum(x []float32) float32                                    { return sumGeneric(x) }
func sumSq(x []float32) float64                                  { return sumSqGeneric(x) }
func maximum(x []float32) float32                                { return maxGeneric(x) }
func axpy(a float32, x, y []float32)                             { axpyGeneric(a, x, y) }
func scale(a float32, x []float32)                               { scaleGeneric(a, x) }
func add(dst, x []float32)                                       { addGeneric(dst, x) }
func mul(dst, x []float32)                                       { mulGeneric(dst, x) }
func mulAdd(dst, x, y []float32)                                 { mulAddGeneric(dst, x, y) }
func maxIndex(dst []float32, idx []int32, x []float32, at int32) { maxIndexGeneric(dst, idx, x, at) }
func addRows(dst []float32, n int, x []float32, ldx int)         { addRowsGeneric(dst, n, x, ldx) }
func exp(dst, x []float32, shift float32)                        { expGeneric(dst, x, shift) }
func tanh(dst, x []float32)                                      { tanhGeneric(dst, x) }
func sigmoid(dst, x []float32)                                   { sigmoidGeneric(dst, x) }
func adam(w, g, m, v []float32, k *adamArgs)                     { adamGeneric(w, g, m, v, k) }

func cellBackward(gates, cPrev, c, dH, dC, peep []float32) {
	cellBackwardGeneric(gates, cPrev, c, dH, dC, peep)
}

// The numbers of PackedInt8 stay as they are.
type weight8 = int8

const offset = 0

func absMax(x []float32) uint32 { return absMaxGeneric(x) }

func quantize(q []int8, x []float32, inverse float32) int32 { return quantizeGeneric(q, x, inverse) }
