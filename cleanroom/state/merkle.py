"""Merkle tree hashes and proofs over the log, as RFC 6962 section 2.1 defines them.

Pure. Leaves are ``chain.entry_bytes``; a tree head of n entries commits to all of them, an inclusion proof shows that
one entry is among them, a consistency proof that an older head's entries are a prefix.
"""

import hashlib
from collections.abc import Sequence


def leaf_hash(content: bytes) -> bytes:
    """SHA-256 of ``0x00 || content``; the prefix keeps a leaf from posing as a node."""
    return hashlib.sha256(b"\x00" + content).digest()


def tree_head(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of leaf hashes; of none, SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return _node(tree_head(leaves[:split]), tree_head(leaves[split:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of leaf ``index`` (0-based) in the tree of all ``leaves``."""
    if not 0 <= index < len(leaves):
        raise ValueError("no such leaf")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), tree_head(leaves[split:]))
    return (*inclusion_proof(leaves[split:], index - split), tree_head(leaves[:split]))


def consistency_proof(leaves: Sequence[bytes], older_size: int) -> tuple[bytes, ...]:
    """The proof that the tree of the first ``older_size`` leaves is a prefix of the tree of all."""
    if not 0 < older_size <= len(leaves):
        raise ValueError("the older tree is larger, or empty")
    return _subproof(leaves, older_size, whole=True)


def includes(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Whether ``proof`` shows ``leaf`` at ``index`` in the tree of ``size`` with ``head``."""
    if not 0 <= index < size:
        return False
    position, last, result = index, size - 1, leaf
    for node in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            result = _node(node, result)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            result = _node(result, node)
        position, last = position >> 1, last >> 1
    return last == 0 and result == head


def _subproof(leaves: Sequence[bytes], older_size: int, *, whole: bool) -> tuple[bytes, ...]:
    if older_size == len(leaves):
        return () if whole else (tree_head(leaves),)
    split = _split(len(leaves))
    if older_size <= split:
        return (*_subproof(leaves[:split], older_size, whole=whole), tree_head(leaves[split:]))
    return (*_subproof(leaves[split:], older_size - split, whole=False), tree_head(leaves[:split]))


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below ``size`` (which is at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)
