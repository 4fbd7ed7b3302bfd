// Commands, as those who run them see them.
#ifndef CHI_CHECK_H
#define CHI_CHECK_H

#include "session.h"

namespace chi {

// Operand i of a checked command, NULL where it is left out.
template <class E>
E *operand_at(const session *s, const chi_cmd &c, int i) {
  if (c.h[i] == 0) return nullptr;
  const buffer *b = s->find(c.h[i]);
  return b ? reinterpret_cast<E *>(b->at) + c.off[i] : nullptr;
}

inline int sub_of(const chi_cmd &c) { return int(c.flags & CHI_SUB); }
inline int size_of(const chi_cmd &c) { return int((c.flags & CHI_SIZE) >> CHI_SIZE_SHIFT); }
inline int act_of(const chi_cmd &c) { return int((c.flags & CHI_ACT) >> CHI_ACT_SHIFT); }

}  // namespace chi

#endif
