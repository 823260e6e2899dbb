// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import SQLiteClient

extension StateError {
    /// What an error of SQLite means to whoever uses the store.
    init(_ error: SQLiteError) {
        switch error.code {
        case .full: self.init(.storageFull, "the disk or the quota of \(error.file) is full", cause: error)
        case .inputOutput where error.systemError == ENOSPC || error.systemError == EDQUOT:
            self.init(.storageFull, "the disk or the quota of \(error.file) is full", cause: error)
        case .readOnly: self.init(.readOnly, "\(error.file) can't be written", cause: error)
        case .corrupt, .notADatabase:
            self.init(.corrupt, "\(error.file) is damaged and not served any more: \(error.message)", cause: error)
        case .busy, .locked:
            self.init(.unavailable, "\(error.file) is locked by another program", cause: error)
        case .cannotOpen: self.init(.unavailable, "\(error.file) can't be opened: \(error.message)", cause: error)
        case .tooBig: self.init(.tooLarge, "the value is larger than the store takes", cause: error)
        case .wrongSchema: self.init(.failed, "\(error.file) is refused: \(error.message)", cause: error)
        case .inputOutput, .noMemory, .constraint, .other:
            self.init(.failed, "\(error.file): \(error.message)", cause: error)
        }
    }
}
