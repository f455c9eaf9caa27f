package tensorfile_test

import (
	"bytes"
	"fmt"

	"github.com/textlstm/textlstm/internal/tensorfile"
)

func Example() {
	var buf bytes.Buffer
	err := tensorfile.Write(&buf, map[string]string{"layer": `{"version":1,"name":"dense"}`}, []tensorfile.Tensor{
		tensorfile.Float32("weight", []float32{1, 2, 3, 4, 5, 6}, 2, 3),
		tensorfile.Int64("step", []int64{1000}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	f, err := tensorfile.Read(&buf, -1, tensorfile.Limits{RequireChecksum: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var layer struct {
		Version int    `json:"version"`
		Name    string `json:"name"`
	}
	if err := f.Describe("layer", 1, &layer); err != nil {
		fmt.Println(err)
		return
	}
	w, err := f.Float32("weight", -1, 3)
	fmt.Println(layer.Name, w, err)
	_, err = f.Float32("weight", -1, 4)
	fmt.Println(err)
	// Output:
	// dense [1 2 3 4 5 6] <nil>
	// tensorfile: tensor "weight": shape mismatch: it is [2 3], want [any 4]
}

func ExampleDecode_damaged() {
	var buf bytes.Buffer
	err := tensorfile.Write(&buf, nil, []tensorfile.Tensor{tensorfile.Float32("bias", []float32{0.5, 1}, 2)})
	if err != nil {
		fmt.Println(err)
		return
	}
	file := buf.Bytes()

	file[len(file)-1] ^= 1
	_, err = tensorfile.Decode(file, tensorfile.Limits{})
	fmt.Println(err)

	_, err = tensorfile.Decode([]byte("PK\x03\x04.....archive/data.pkl"), tensorfile.Limits{})
	fmt.Println(err)
	// Output:
	// tensorfile: byte 144: tensor "bias": checksum mismatch: stored e080ecb7, computed 12eb6fb4
	// tensorfile: byte 0: not a safetensors file: looks like a PyTorch checkpoint (zip with a pickle); convert it with safetensors.torch.save_file
}
