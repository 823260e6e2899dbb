// SPDX-License-Identifier: Apache-2.0

import Glibc
// As in LaneMailbox.swift, for the members of `timespec`.
import SwiftOverlayShims

/// Looks at files from time to time, and tells when one of them has changed.
///
/// It takes one system call for each look at a file, and needs nothing of the file system: files that are swapped by a
/// link, as those of a ConfigMap or a Secret are, come and go as any others.
package struct FileWatch: Sendable {
    /// The wait between two looks.
    package static let pause = Duration.seconds(1)

    private let files: [String]
    private let quiet: Duration
    private let known: [FileStamp?]

    /// What happens to the files from now on counts.
    ///
    /// - Parameter quiet: how long the files must have been left alone: who writes several isn't read halfway.
    package init(_ files: [String], quiet: Duration) {
        self.files = files
        self.quiet = quiet
        known = files.map(FileStamp.init(path:))
    }

    /// Calls `changed` after each change, until the task is cancelled.
    package func run(_ changed: @Sendable () -> Void) async {
        var known = known
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.pause)
            guard stamps() != known else { continue }
            repeat {
                known = stamps()
                try? await Task.sleep(for: quiet)
            } while stamps() != known && !Task.isCancelled
            changed()
        }
    }

    private func stamps() -> [FileStamp?] { files.map(FileStamp.init(path:)) }
}

/// What changes of a file when it is written, replaced or made readable.
private struct FileStamp: Equatable {
    private var device: UInt
    private var inode: UInt
    private var size: Int
    /// Of the content.
    private var modified: [Int]
    /// Of the content or of what is known about it.
    private var changed: [Int]

    /// Nil while there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}
