// SPDX-License-Identifier: Apache-2.0

package import Core
package import WireJSON

/// The attributes of an event that its delivery looks at.
package struct ReceivedCloudEvent: Sendable, Equatable {
    package var id = ""
    package var topic: String?
    package var traceParent: String?
    package var traceState: String?
    package var expiration: UTCTime?

    /// Reads them from the event's JSON. An attribute that isn't text is passed over: publishers other than Dapr's
    /// write numbers as trace ids, and nobody should lose an event over that.
    package static func read(_ event: UnsafeRawBufferPointer) throws(JSONError) -> ReceivedCloudEvent {
        try JSONReader.read(event) { (reader) throws(JSONError) in
            var received = ReceivedCloudEvent()
            try reader.object { (name, value) throws(JSONError) in
                guard try value.peek() == .string else { return try value.skip() }
                switch name {
                case "id": received.id = try value.string()
                case "topic": received.topic = try value.string()
                case "traceparent": received.traceParent = try value.string()
                // An event of an older Dapr has its trace context only here.
                case "traceid":
                    let text = try value.string()
                    received.traceParent = received.traceParent ?? text
                case "tracestate": received.traceState = try value.string()
                case "expiration": received.expiration = UTCTime(rfc3339: try value.string())
                default: try value.skip()
                }
            }
            return received
        }
    }
}
