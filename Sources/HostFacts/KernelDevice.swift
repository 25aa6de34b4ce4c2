/// super_block.s_dev of what stat(2) has as st_dev (bits/sysmacros.h).
public func kernelDevice(_ device: UInt64) -> UInt32 {
    let major = device >> 8 & 0xFFF | device >> 32 & 0xFFFF_F000
    let minor = device & 0xFF | device >> 12 & 0xFFFF_FF00
    return UInt32(truncatingIfNeeded: major << 20 | minor)
}
