// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

extension BrokerError {
    /// What the log's error means to a publisher or subscriber.
    init(_ error: EventLogError) {
        let code: Code =
            switch error.code {
            case .storageFull: .storageFull
            case .readOnly: .readOnly
            case .corrupt: .corrupt
            case .tooLarge: .tooLarge
            case .overloaded: .overloaded
            case .unavailable: .unavailable
            // The broker appends without an expectation, so these three are faults of the log or of this program.
            case .expectationFailed, .idConflict, .failed: .failed
            }
        self.init(code, error.description)
    }
}
