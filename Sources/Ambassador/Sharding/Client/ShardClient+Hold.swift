// SPDX-License-Identifier: Apache-2.0

extension ShardClient {
    /// Why a client isn't read from at the moment.
    struct Hold: OptionSet {
        let rawValue: UInt8
        /// As many commands as it may have wait for replies.
        static let pipeline = Hold(rawValue: 1)
        /// It doesn't read its replies.
        static let output = Hold(rawValue: 2)
        /// A server that it uses takes no more bytes.
        static let server = Hold(rawValue: 4)
        /// What it said last has to be answered before what it says next is looked at.
        static let order = Hold(rawValue: 8)
        /// A fault on purpose holds it up.
        static let fault = Hold(rawValue: 16)
        /// It sends a long value, and others have their turn.
        static let pace = Hold(rawValue: 32)
    }
}
