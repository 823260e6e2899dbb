// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread that nobody waits for.
package enum DetachedThread {
    /// Names the calling thread among those that run.
    @inlinable package static var current: UInt { UInt(pthread_self()) }

    /// Runs `body` on a new thread; false if the system refuses one: then `body` is never called.
    ///
    /// - Parameter name: what `ps -L` and `top -H` show, in at most 15 bytes.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let entry = Unmanaged.passRetained(Entry(name: name, body: body))
        let status = pthread_create(
            &thread, &attributes,
            { pointer in
                // Safe: the pointer is `entry`, which pthread_create passes on and which is taken over exactly once.
                Unmanaged<Entry>.fromOpaque(pointer!).takeRetainedValue().run()
                return nil
            }, entry.toOpaque())
        if status != 0 { entry.release() }
        return status == 0
    }

    private final class Entry: Sendable {
        private let name: String
        private let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            nameThread()
            body()
        }

        /// Glibc hides `pthread_setname_np` from Swift; the kernel takes the name from this file too.
        private func nameThread() {
            let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            var name = name
            _ = name.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
            close(descriptor)
        }
    }
}
