"""Writes golden.safetensors byte by byte from the format's description, with a
CRC-32C written out as its definition: an implementation that shares nothing
with the one under test. Made with Python 3.11:

    python3 gen_golden.py
"""
import struct


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283  # the check value of CRC-32C

tensors = [struct.pack("<q", -5), struct.pack("<3f", 1, 2, -0.5), struct.pack("<2f", 0, 8), struct.pack("<2b", -1, 1)]
header = (
    '{"__metadata__":{"crc32c.header":"00000000","crc32c.tensors":"%s","key":"a \\"quoted\\"\\nvalue \\u0001 \u00e9"}'
    ',"step":{"dtype":"I64","shape":[],"data_offsets":[0,8]}'
    ',"bias":{"dtype":"F32","shape":[3],"data_offsets":[8,20]}'
    ',"weight":{"dtype":"F32","shape":[1,2],"data_offsets":[20,28]}'
    ',"q":{"dtype":"I8","shape":[2],"data_offsets":[28,30]}}'
    % " ".join("%08x" % crc32c(t) for t in tensors)
).encode()
header += b" " * (-len(header) % 8)
head = struct.pack("<Q", len(header)) + header
head = head.replace(b'"crc32c.header":"00000000"', b'"crc32c.header":"%08x"' % crc32c(head))
with open("golden.safetensors", "wb") as f:
    f.write(head + b"".join(tensors))
