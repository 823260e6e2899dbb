// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import WireJSON

/// The bodies of the state requests, read from their JSON.
///
/// Names of fields are compared without case and unknown ones are passed over, as Go does it. A value is kept as the
/// bytes that were sent: large numbers, the order of keys and white space survive.
enum StateRequestBody {
    struct Operation {
        var kind = ""
        var request: StateRequest?
    }

    static func saves(_ body: ByteBuffer) throws(JSONError) -> [StateRequest] {
        try read(body) { (reader, text) throws(JSONError) in
            var saves: [StateRequest] = []
            if try reader.isNull() { return saves }
            try reader.array { (element) throws(JSONError) in saves.append(try request(&element, text)) }
            return saves
        }
    }

    static func bulkKeys(_ body: ByteBuffer) throws(JSONError) -> [String] {
        try read(body) { (reader, _) throws(JSONError) in
            var keys: [String] = []
            if try reader.isNull() { return keys }
            try reader.object { (name, value) throws(JSONError) in
                switch name.lowercased() {
                case "keys":
                    keys = []
                    if try value.isNull() { return }
                    try value.array { (key) throws(JSONError) in keys.append(try key.stringOrNull() ?? "") }
                // The store reads all keys at once, so there is nothing to do for it beyond checking it.
                case "parallelism": if try !value.isNull() { _ = try value.integer() }
                case "metadata": _ = try timeToLive(&value)
                default: try value.skip()
                }
            }
            return keys
        }
    }

    static func transaction(_ body: ByteBuffer) throws(JSONError) -> [Operation] {
        try read(body) { (reader, text) throws(JSONError) in
            var operations: [Operation] = []
            if try reader.isNull() { return operations }
            try reader.object { (name, value) throws(JSONError) in
                switch name.lowercased() {
                case "operations":
                    operations = []
                    if try value.isNull() { return }
                    try value.array { (element) throws(JSONError) in operations.append(try operation(&element, text)) }
                case "metadata": _ = try timeToLive(&value)
                default: try value.skip()
                }
            }
            return operations
        }
    }

    // MARK: - Parts

    private static func operation(
        _ reader: inout JSONReader, _ text: ByteBuffer
    ) throws(JSONError) -> Operation {
        var operation = Operation()
        try reader.object { (name, value) throws(JSONError) in
            switch name.lowercased() {
            case "operation": operation.kind = try value.stringOrNull() ?? ""
            case "request": operation.request = try value.isNull() ? nil : try request(&value, text)
            default: try value.skip()
            }
        }
        return operation
    }

    private static func request(_ reader: inout JSONReader, _ text: ByteBuffer) throws(JSONError) -> StateRequest {
        var request = StateRequest(key: "", value: nil)
        try reader.object { (name, value) throws(JSONError) in
            switch name.lowercased() {
            case "key": request.key = try value.stringOrNull() ?? ""
            case "value": request.value = text.copy(try value.validValue())
            case "etag": request.etag = try value.stringOrNull()
            case "metadata": request.timeToLive = try timeToLive(&value)
            case "options": try options(&value, &request)
            default: try value.skip()
            }
        }
        return request
    }

    private static func options(_ reader: inout JSONReader, _ request: inout StateRequest) throws(JSONError) {
        if try reader.isNull() { return }
        var (concurrency, consistency): (String?, String?) = (nil, nil)
        try reader.object { (name, value) throws(JSONError) in
            switch name.lowercased() {
            case "concurrency": concurrency = try value.stringOrNull()
            case "consistency": consistency = try value.stringOrNull()
            default: try value.skip()
            }
        }
        request.concurrency = concurrency
        request.consistency = consistency
    }

    /// Metadata are texts by text; the only one that a store of ours reads is the time to live.
    private static func timeToLive(_ reader: inout JSONReader) throws(JSONError) -> String? {
        if try reader.isNull() { return nil }
        var timeToLive: String?
        try reader.object { (name, value) throws(JSONError) in
            let text = try value.stringOrNull() ?? ""
            if name == StateRequest.MetadataName.timeToLive { timeToLive = text }
        }
        return timeToLive
    }

    private static func read<Value>(
        _ body: ByteBuffer, _ parse: (inout JSONReader, ByteBuffer) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        let result = body.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONError) in
                try JSONReader.read(bytes) { (reader) throws(JSONError) in try parse(&reader, body) }
            }
        }
        return try result.get()
    }
}

extension ByteBuffer {
    /// A copy of some of the readable bytes, so that a stored value doesn't hold the request that it came in.
    fileprivate func copy(_ range: Range<Int>) -> ByteBuffer {
        let start = readableBytesView.startIndex
        return ByteBuffer(bytes: readableBytesView[start + range.lowerBound..<start + range.upperBound])
    }
}

extension JSONReader {
    /// Whether the value is null; it has been passed then.
    fileprivate mutating func isNull() throws(JSONError) -> Bool {
        guard try peek() == .null else { return false }
        try null()
        return true
    }
}
