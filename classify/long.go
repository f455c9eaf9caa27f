package classify

import (
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

const (
	mostTokens  = 1 << 14 // of a text that is read at once
	pieceTokens = 1 << 12 // of a piece of a longer one, about
)

func isLong(e Encoded) bool { return len(e.IDs) > mostTokens }

// A longText is what a Workspace needs to read one piece by piece.
type longText struct {
	parts   nn.PoolParts
	part    int        // of the pieces pooled
	ids     []vocab.ID // of a piece
	unknown [][]int32
	pooled  []float32 // [B][P]
}

// forwardLong is Forward in inference for texts of any length, one after the other.
func (n *Network) forwardLong(ws *Workspace, texts []Encoded) ([][]float32, error) {
	P := n.pool.OutSize()
	long := &ws.long
	long.pooled = grow(long.pooled, len(texts)*P)
	for b, text := range texts {
		long.parts.Reset(n.pool)
		long.part = 0
		sequence := n.cfg.Chunk
		if sequence == 0 {
			sequence = max(len(text.IDs), 1)
		}
		for at := 0; at < len(text.IDs); {
			end, read := at+sequence, n.poolSequence
			if sequence <= pieceTokens {
				end, read = at+pieceTokens/sequence*sequence, n.poolChunks
			}
			end = min(end, len(text.IDs))
			if err := read(ws, text, at, end); err != nil {
				return nil, err
			}
			at = end
		}
		long.parts.Vector(long.pooled[b*P : (b+1)*P])
	}
	ws.pooled = append(ws.pooled[:0], long.pooled...)
	return n.scores(ws), nil
}

// poolChunks pools tokens of a text that are some whole chunks.
func (n *Network) poolChunks(ws *Workspace, text Encoded, from, to int) error {
	in, err := n.piece(ws, text, from, to)
	if err != nil {
		return err
	}
	ws.pass = n.encoder.Pass(ws.pass)
	y, err := ws.pass.Forward(in, nn.Mode{}, ws.Workers)
	if err != nil {
		return err
	}
	ws.long.parts.Add(ws.long.part, y, &ws.layout, &ws.pool)
	ws.long.part++
	return nil
}

// poolSequence pools tokens of a text that are one sequence.
func (n *Network) poolSequence(ws *Workspace, text Encoded, from, to int) error {
	pieces := (to - from + pieceTokens - 1) / pieceTokens
	ws.pass = n.encoder.Pass(ws.pass)
	err := ws.pass.ForwardPieces(pieces, func(k int) (nn.Batch, error) {
		at := from + k*pieceTokens
		return n.piece(ws, text, at, min(at+pieceTokens, to))
	}, func(k int, y []float32) {
		ws.long.parts.Add(ws.long.part+k, y, &ws.layout, &ws.pool)
	}, ws.Workers)
	ws.long.part += pieces
	return err
}

// piece lays out some tokens of a text, unless the context has ended.
func (n *Network) piece(ws *Workspace, text Encoded, from, to int) (nn.Batch, error) {
	if ws.ctx != nil && ws.ctx.Err() != nil {
		return nn.Batch{}, ws.ctx.Err()
	}
	long := &ws.long
	long.ids, long.unknown = long.ids[:0], long.unknown[:0]
	for _, id := range text.IDs[from:to] {
		if id < 0 {
			long.unknown = append(long.unknown, text.Unknown[^id])
			id = ^vocab.ID(len(long.unknown) - 1)
		}
		long.ids = append(long.ids, id)
	}
	chunk := n.cfg.Chunk
	if chunk > pieceTokens {
		chunk = 0 // the piece is a part of one
	}
	ws.lay([]Encoded{{IDs: long.ids, Unknown: long.unknown}}, chunk)
	return n.input(ws), nil
}
