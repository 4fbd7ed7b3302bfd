// Package nn has the models of Chimera over package compute: layers, a
// multi-layer perceptron ([MLP]), a GPT with a cache of keys and values ([GPT],
// [Session]), the optimiser [AdamW] with schedules, averages of weights ([EMA]),
// and checkpoints.
//
// Models are plain Go: a struct of layers, which a [Builder] makes, and a method
// Forward that writes operations onto an autograd.Tape. A training loop is
//
//	tape := autograd.New(dev.Backend(ctx))
//	defer tape.Close()
//	for step := range steps {
//		tape.Reset()
//		loss := model.Loss(tape, tokens, targets, nil)
//		tape.Backward(loss)
//		opt.Step(tape.Backend(), schedule.LR(step))
//		if err := tape.Err(); err != nil {
//			return err
//		}
//	}
//
// # Determinism
//
// Initial weights, dropout and sampling draw from Philox streams that are named
// by a seed and what is drawn for (a parameter's number, a step, a sequence's
// number), never by what was drawn before. On a device in exact mode a training
// gives the same bits for any number of threads and on every machine, and one
// that goes on from a checkpoint the same bits as one that was never stopped.
//
// # Memory
//
// [GPTConfig.Plan] and [GPTConfig.PlanTraining] tell the memory of a session or a
// training before anything is allocated.
package nn
