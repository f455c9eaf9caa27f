// Package forecast predicts what comes next in a time series with an LSTM.
//
// The everyday path is three lines:
//
//	model, err := forecast.Train(ctx, forecast.Config{Season: 12, Horizon: 12}, series)
//	next, err := model.Forecast(ctx, series, 12)
//	err = model.Save("airline.model")
//
// A model sees a window of values and answers with the values of the steps after it,
// for each of which it gives quantiles too. It reads differences from a base, the
// last value or that of a season before, so a series may grow beyond what training
// has seen, and a network that knows nothing forecasts the base. One model learns any
// number of series, each with a scale of its own, as DeepAR does (Salinas et al. 2020).
// Quantiles are learned with the pinball loss (Koenker & Bassett 1978) and then moved
// so that the share of dev values below each is what it says (Romano et al. 2019).
//
// [ReadTable] reads series from tables, [Recommend] finds their season, and a
// [Calendar] names the steps ahead. Package chart has plots, and the command forecast
// all of this.
//
// [Backtest] judges a model, and forecasts that cost nothing beside it, on the end of
// series that training has not seen.
package forecast
