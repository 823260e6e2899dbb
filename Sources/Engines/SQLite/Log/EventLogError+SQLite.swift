// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

extension EventLogError {
    /// What an error of the store means to whoever uses its log.
    init(_ error: StateError) {
        let code: Code =
            switch error.code {
            case .storageFull: .storageFull
            case .readOnly: .readOnly
            case .corrupt: .corrupt
            case .tooLarge: .tooLarge
            case .overloaded: .overloaded
            case .unavailable: .unavailable
            case .failed, .etagMismatch, .etagInvalid: .failed
            }
        self.init(code, error.description)
    }
}
