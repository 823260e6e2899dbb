// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Testing

@testable import LogBroker

/// What is stored, and so can't change from one version to the next.
@Suite struct FormatTests {
    @Test(
        "Keys belong to their partitions for ever",
        arguments: [("", 1), ("a", 0), ("orders", 30), ("customer-17", 16), ("ключ", 31)])
    func partitions(_ row: (key: String, partition: Int)) {
        #expect(PartitionHash.partition(of: row.key) == row.partition)
    }

    @Test func `keys are spread evenly`() {
        var counts = Array(repeating: 0, count: EventPartition.count)
        for number in 0..<6400 { counts[PartitionHash.partition(of: "customer-\(number)")] += 1 }
        #expect(counts.allSatisfy { (60...140).contains($0) })
    }

    @Test func `streams and consumers have names that never meet`() {
        let names = BrokerNames(pubsub: "a/b%")
        #expect(names.stream(ofTopic: "x/y") == "topic/a%2Fb%25/x/y")
        #expect(names.parkedStream(group: "g/h", topic: "t") == "parked/a%2Fb%25/g%2Fh/t")
        let consumer = names.consumer(group: "g/%2F", topic: "x/y")
        #expect(consumer == "group/a%2Fb%25/g%2F%252F/x/y")
        #expect(names.group(ofConsumer: consumer, topic: "x/y") == "g/%2F")
        #expect(names.group(ofConsumer: consumer, topic: "y") == nil)
        #expect(names.group(ofConsumer: "projection", topic: "y") == nil)
    }

    @Test func `a record is read as it was written`() {
        var record = MessageRecord(
            contentType: "application/json", headers: [MessageHeader("a", ""), MessageHeader("", "ü")])
        #expect(MessageRecord(record.bytes) == record)
        record.onlyGroup = "g"
        record.parking = .init(reason: "r", tries: 3, position: 9, publishedAtMilliseconds: 4)
        #expect(MessageRecord(record.bytes) == record)
        #expect(
            MessageRecord(contentType: "t", headers: [MessageHeader("n", "v")]).bytes
                == ByteBuffer(bytes: [1, 0, 0, 0, 0, 1, 0x74, 0, 0, 0, 1, 0x6E, 0, 0, 0, 1, 0x76]))
    }

    @Test func `bytes that no broker wrote are a message of unknown type, whatever they are`() {
        var random = SplitMix(state: 7)
        let unknown = MessageRecord(contentType: "application/octet-stream")
        #expect(MessageRecord(ByteBuffer()) == unknown)
        #expect(MessageRecord(ByteBuffer(bytes: [1, 3, 255, 255, 255, 255, 1])) == unknown)
        for _ in 0..<2000 {
            let bytes = (0..<random.next(below: 40)).map { _ in UInt8(random.next(below: 256)) }
            _ = MessageRecord(ByteBuffer(bytes: [1] + bytes))
        }
    }

    @Test func `a group's floor counts partitions without a row, and what is owed`() {
        let row = { (partition: Int, position: Int64, owed: [Int64]) in
            Checkpoint(
                stream: "s", partition: partition, position: position,
                owed: owed.map { OwedEvent(position: $0, attempts: 1) })
        }
        let all = { (position: Int64) in (0..<EventPartition.count).map { row($0, position, []) } }
        #expect(CheckpointPlaces([], stream: "s").isNew)
        #expect(CheckpointPlaces([row(CheckpointPlaces.start, 7, []), row(3, 90, [])], stream: "s").floor == 7)
        #expect(CheckpointPlaces(all(50) + [row(CheckpointPlaces.start, 7, [])], stream: "s").floor == 50)
        #expect(CheckpointPlaces(all(50) + [row(3, 60, [21, 40])], stream: "s").floor == 20)
        let absent = CheckpointPlaces([row(CheckpointPlaces.absence, 1234, [])], stream: "s")
        #expect(absent.absentSinceMilliseconds == 1234)
        #expect(CheckpointPlaces([row(CheckpointPlaces.absence, 0, [])], stream: "s").absentSinceMilliseconds == nil)
    }
}
