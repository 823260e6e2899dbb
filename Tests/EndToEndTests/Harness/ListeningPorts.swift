// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The TCP ports on which a process itself listens, from the kernel's table, in which a line may stand twice while it
/// changes.
func ports(of process: Int32) -> Set<Int> {
    let files = FileManager.default
    let descriptors = (try? files.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
    let sockets = Set(
        descriptors.compactMap { try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)") }
            .filter { $0.hasPrefix("socket:[") }.map { String($0.dropFirst(8).dropLast()) })
    let ports = table(ofSocketsOf: process).split(separator: "\n").dropFirst().compactMap { line -> Int? in
        let fields = line.split(separator: " ")
        guard fields.count > 9, fields[3] == "0A", sockets.contains(String(fields[9])) else { return nil }
        return fields[1].split(separator: ":").last.flatMap { Int($0, radix: 16) }
    }
    return Set(ports)
}

/// The kernel's table, in as few reads as possible: it is made anew for each, and what changes in between is missed.
private func table(ofSocketsOf process: Int32) -> String {
    let file = open("/proc/\(process)/net/tcp", O_RDONLY)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var (bytes, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 4 << 20))
    while case let count = read(file, &chunk, chunk.count), count > 0 { bytes += chunk.prefix(count) }
    return String(decoding: bytes, as: UTF8.self)
}
