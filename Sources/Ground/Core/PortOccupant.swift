// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The process that listens on a port, as far as the kernel tells this user.
package struct PortOccupant: Sendable, Hashable, CustomStringConvertible {
    package var processID: Int32
    /// The name of its command, at most 15 bytes of it.
    package var command: String

    package init(processID: Int32, command: String) {
        self.processID = processID
        self.command = command
    }

    /// `python3 (process 4711)`.
    package var description: String { "\(command) (process \(processID))" }

    /// The process that listens on TCP `port` on this machine; nil if there is none or if it belongs to another user.
    ///
    /// `/proc/net/tcp` gives the socket's inode, and the process is the one that has it open.
    package static func find(port: Int) -> PortOccupant? {
        let inodes = listeningInodes(port: port)
        guard !inodes.isEmpty else { return nil }
        let links = Set(inodes.map { "socket:[\($0)]" })
        for entry in names(in: "/proc") {
            guard let processID = Int32(entry) else { continue }
            let folder = "/proc/\(entry)/fd"
            guard names(in: folder).contains(where: { links.contains(link("\(folder)/\($0)")) }) else { continue }
            let command = text(of: "/proc/\(entry)/comm").split(separator: "\n").first.map(String.init)
            return PortOccupant(processID: processID, command: command ?? "a process")
        }
        return nil
    }

    private static func listeningInodes(port: Int) -> [Substring] {
        var inodes: [Substring] = []
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            for line in text(of: table).split(separator: "\n").dropFirst() {
                // Columns of proc(5): number, local address as HEX:PORT, remote address, state (0A: listening), …,
                // inode.
                let columns = line.split(separator: " ")
                guard columns.count > 9, columns[3] == "0A" else { continue }
                guard let local = columns[1].split(separator: ":").last, Int(local, radix: 16) == port else { continue }
                inodes.append(columns[9])
            }
        }
        return inodes
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    private static func link(_ path: String) -> String {
        var target = [CChar](repeating: 0, count: 64)
        let length = readlink(path, &target, target.count)
        return String(decoding: target.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &block, block.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: block.prefix(count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
