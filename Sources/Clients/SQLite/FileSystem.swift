// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// What kind of file system a path is on: SQLite's locks and its shared memory need a local one.
package enum FileSystem {
    /// The kernel's number of the file system's type (statfs(2)), or nil with `errno` set.
    package static func magic(of path: String) -> UInt32? {
        var magic: UInt32 = 0
        return outrigger_file_system_magic(path, &magic) == 0 ? magic : nil
    }

    /// The name of a file system on which the log's shared index or the locks can't be relied on; nil for all others.
    ///
    /// FUSE is among them although some of its file systems are local: the kernel's number doesn't tell sshfs from
    /// ntfs-3g.
    package static func unsuitableName(magic: UInt32) -> String? {
        switch magic {
        case 0x0000_6969: "NFS"
        case 0x0000_517B, 0xFE53_4D42: "SMB"
        case 0xFF53_4D42: "CIFS"
        case 0x0102_1997: "9P"
        case 0x6573_5546: "FUSE"
        case 0x00C3_6400: "Ceph"
        case 0x5346_414F, 0x6B41_4653: "AFS"
        case 0x7375_7245: "Coda"
        case 0x0BD0_0BD0: "Lustre"
        case 0x0116_1970: "GFS2"
        case 0x7461_636F: "OCFS2"
        case 0x4750_4653: "GPFS"
        default: nil
        }
    }
}
