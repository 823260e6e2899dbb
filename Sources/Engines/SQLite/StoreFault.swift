// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Synchronization

/// The damage that ends a store: once it is set, nothing is read or written any more until the process is started anew.
final class StoreFault: Sendable {
    private let isSet = Atomic(false)
    private let fault = Mutex<StateError?>(nil)

    /// What to answer instead of serving; nil while the store is sound. One atomic load on the hot path.
    var error: StateError? {
        isSet.load(ordering: .acquiring) ? fault.withLock { $0 } : nil
    }

    /// Remembers `error` if it means that the file is damaged; true the first time.
    func note(_ error: StateError) -> Bool {
        guard error.code == .corrupt else { return false }
        let isFirst = fault.withLock { fault in
            defer { fault = fault ?? error }
            return fault == nil
        }
        isSet.store(true, ordering: .releasing)
        return isFirst
    }
}
