// Package checkpoint keeps the state of a training on disk, so that one that was
// stopped at any moment goes on from its last good state with the same bits as
// if nothing had happened.
//
// # What is kept
//
// A [State] is all that a training needs to go on: the step, the weights, the
// optimiser's first and second moments, a moving average of the weights, the
// state of the random generator, the position in the data, and the configuration
// as JSON. Tensors are named slices of numbers ([Tensor]); what they mean is the
// business of whoever trains. All of it is data and none of it code: opening a
// stranger's checkpoint runs nothing.
//
// # Files
//
// Every checkpoint of a folder has a number, counted up from one, and two files:
//
//	ckpt-00000042.safetensors   the state
//	ckpt-00000042.json          the manifest: step, size and SHA-256 of the former
//
// The state is an ordinary safetensors file, which other programs can read; its
// tensors are named weights/..., first/..., second/..., average/..., rng and
// position. The same state gives the same bytes, so its hash is a name for it.
//
// The checkpoint exists from the moment its manifest has its name. Both files are
// written under temporary names and brought to the disk before they are renamed,
// the state first; so a power failure at any moment leaves the checkpoints before
// it and perhaps the new one, never half of one. [Writer.Save] then removes what
// is older than the newest few. The latest checkpoint is the one with the highest
// number; a training that goes back to an older one and goes on from there counts
// on.
//
//	w, err := checkpoint.OpenWriter("runs/7", 3) // keep the newest three
//	if err != nil {
//		return err
//	}
//	defer w.Close()
//	info, err := w.Save(ctx, &checkpoint.State{Step: 1000, Weights: weights})
//
// # Going on
//
// [LoadLatest] reads the newest checkpoint and verifies it: the size, the hash,
// every rule of the format, and that manifest and state name the same step. One
// that was cut or damaged is passed over for the one before it; what was passed
// over, and why, stands in [Found.Skipped] and should be shown to a person.
// [ErrNone] means that the folder has no checkpoint at all, and a training starts
// from the beginning; when all of them are damaged the error is another one.
//
//	state, found, err := checkpoint.LoadLatest(ctx, "runs/7")
//	switch {
//	case errors.Is(err, checkpoint.ErrNone):
//		// a new training
//	case err != nil:
//		return err
//	}
//
// # One writer
//
// A [Writer] holds a lock on its folder, which the operating system drops when
// the process ends for whatever reason; a second writer gets [ErrBusy]. Readers
// need no lock. Systems without flock (Windows among them) have no such lock:
// there, having one writer is up to the caller.
package checkpoint
