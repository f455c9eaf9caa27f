package forecast_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/lstm"
)

// The classic example: two LSTM layers of 50 units, of which the first hands on its
// whole sequence, a dense layer to one value, Adam, squared error, a window of ten
// values, batch size 1.
func Example() {
	var s forecast.Series
	for i := range 120 {
		s.Values = append(s.Values, 20+5*math.Sin(float64(i)/3))
	}
	model, err := forecast.Train(context.Background(), forecast.Config{
		Window: 10, Loss: forecast.Squared, Base: forecast.None, Batch: 1, Epochs: 20, Members: 1,
		LSTM: lstm.Config{HiddenSize: 50, Layers: 2},
	}, s)
	if err != nil {
		log.Fatal(err)
	}
	next, err := model.Forecast(context.Background(), s, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("within half of what comes: %t\n", math.Abs(next.Points[0]-(20+5*math.Sin(40))) < 0.5)
	// Output: within half of what comes: true
}
