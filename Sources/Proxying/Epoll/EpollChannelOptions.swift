// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What handlers, those of NIO's libraries among them, set and ask for; on the channel's loop.
struct EpollChannelOptions: NIOSynchronousChannelOptions, Sendable {
    let channel: EpollChannel

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
        guard channel.isOpen else { throw ChannelError.ioOnClosedChannel }
        switch option {
        case is ChannelOptions.Types.AllowRemoteHalfClosureOption: channel.allowsHalfClosure = try typed(value)
        case is ChannelOptions.Types.AutoReadOption: channel.setReadsOnItsOwn(try typed(value))
        case is ChannelOptions.Types.WriteBufferWaterMarkOption:
            let mark: ChannelOptions.Types.WriteBufferWaterMark = try typed(value)
            channel.unwrittenBytesMax = mark.high
        default: throw ChannelError.operationUnsupported
        }
    }

    func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
        guard channel.isOpen else { throw ChannelError.ioOnClosedChannel }
        switch option {
        case is ChannelOptions.Types.AllowRemoteHalfClosureOption: return try typed(channel.allowsHalfClosure)
        case is ChannelOptions.Types.AutoReadOption: return try typed(channel.readsOnItsOwn)
        case is ChannelOptions.Types.BufferedWritableBytesOption: return try typed(channel.pending?.byteCount ?? 0)
        case is ChannelOptions.Types.WriteBufferWaterMarkOption:
            return try typed(
                ChannelOptions.Types.WriteBufferWaterMark(
                    low: channel.unwrittenBytesMin, high: channel.unwrittenBytesMax))
        default: throw ChannelError.operationUnsupported
        }
    }

    /// The value as the type that the option has.
    private func typed<Given, Wanted>(_ value: Given) throws -> Wanted {
        guard let value = value as? Wanted else { throw ChannelError.operationUnsupported }
        return value
    }
}
