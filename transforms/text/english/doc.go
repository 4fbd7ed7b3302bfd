// Package english splits English text into words and sentences exactly as the
// reference curation stack does, so that filter decisions and near-duplicate
// signatures computed here can be compared with it one to one.
//
// Words are the tokens of spaCy 3.8's blank English pipeline; sentences are
// those of its rule sentencizer; [Simplify] is datatrove's simplify_text. The
// rules and the few known differences are described in docs/tokens.md.
//
// Character classes follow Unicode 14.0, the version of the reference's Python
// 3.11, and are pinned in generated tables so that a newer Go release does not
// change results.
package english
