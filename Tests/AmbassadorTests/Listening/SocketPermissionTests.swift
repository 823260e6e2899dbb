// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import Synchronization
import Testing

@testable import Ambassador

/// Sockets in the file system, and who may connect to them.
@Suite(.serialized) struct SocketPermissionTests {
    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test(arguments: [0o600, 0o660, 0o666] as [UInt16])
    func `a socket has the permissions that are said for it`(permissions: UInt16) async throws {
        let path = NSTemporaryDirectory() + "mode-\(UUID().uuidString.prefix(8)).sock"
        try await withProxy([], { $0.listen = .unix(path: path, permissions: permissions) }) { _ in
            #expect(Self.mode(path) == mode_t(permissions))
        }
    }

    /// What a file's mode has been, by somebody who looks at it again and again.
    private final class Watch: Sendable {
        private let modes = Mutex<Set<mode_t>>([])
        private let isOver = Mutex(false)

        init(_ mode: @escaping @Sendable () -> mode_t?) {
            Thread.detachNewThread { [self] in
                while !isOver.withLock({ $0 }) {
                    if let mode = mode() { modes.withLock { _ = $0.insert(mode) } }
                }
            }
        }

        func end() -> Set<mode_t> {
            isOver.withLock { $0 = true }
            return modes.withLock { $0 }
        }
    }

    @Test func `a socket never had more than those`() async throws {
        let path = NSTemporaryDirectory() + "mode-\(UUID().uuidString.prefix(8)).sock"
        let watch = Watch { Self.mode(path) }
        for _ in 0..<200 {
            try await withProxy([], { $0.listen = .unix(path: path, permissions: 0o600) }) { _ in }
            unlink(path)
        }
        #expect(watch.end() == [0o600])
    }
}
