// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Glibc

/// The folder with a file for each group, whose bytes are locked by the group's members.
struct GroupFolder: Sendable {
    let path: String

    func join(_ group: String, in namespace: String) throws(EventLogError) -> SQLiteGroupMember {
        if mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw EventLogError(StateError(systemError: errno, "create", path))
        }
        return try SQLiteGroupMember(path: "\(path)/\(Self.fileName(group, in: namespace))")
    }

    /// A file name is at most 255 bytes; below this both names can be read in it.
    private static let readableBytesMax = 200

    /// A name that no two groups share: what is no letter, digit, `-` or `_` is percent-encoded, and the dot between
    /// the two names is none of theirs. A name that is too long ends in a hash of the whole.
    static func fileName(_ group: String, in namespace: String) -> String {
        let name = "\(encode(namespace)).\(encode(group))"
        guard name.utf8.count > readableBytesMax else { return name + ".lock" }
        let hash = StableHash.of(parts: name)
        return "\(name.prefix(readableBytesMax))~\(String(hash, radix: 16)).lock"
    }

    private static func encode(_ name: String) -> String {
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
