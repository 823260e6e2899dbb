// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import Testing

@testable import SQLiteEngine

@Suite struct GroupTests {
    @Test func `each group has a file of its own, whatever its name`() {
        let names = [
            ("a", "b"), ("a.b", ""), ("", "a.b"), ("a", "B"), ("..", ".."), ("/etc", "passwd"), ("a%2E", "b"),
            ("ü", "ü"), ("ü", "u\u{308}"), ("a", "b\0"), ("", ""),
            ("n", String(repeating: "x", count: 1000)), ("n", String(repeating: "x", count: 999) + "y"),
        ]
        let files = names.map { GroupFolder.fileName($0.1, in: $0.0) }
        #expect(Set(files).count == names.count)
        for file in files {
            #expect(file.utf8.count <= 255)
            #expect(!file.contains("/") && !file.contains("\0") && file != "." && file != "..")
        }
        #expect(GroupFolder.fileName("orders", in: "default") == "default.orders.lock")
    }

    /// Goal: what a process owned is free when it dies, however suddenly. Method: a child process takes a partition and
    /// kills itself.
    @Test func `death frees partitions and membership`() async throws {
        try await withFolder { folder in
            setenv("OUTRIGGER_TEST_FOLDER", folder, 1)
            let folderOfGroups = GroupFolder(path: folder + "/groups")
            let survivor = try folderOfGroups.join("g", in: "default")
            await #expect(processExitsWith: .signal(SIGKILL)) {
                let folder = String(cString: getenv("OUTRIGGER_TEST_FOLDER"))
                let member = try GroupFolder(path: folder + "/groups").join("g", in: "default")
                guard try member.tryAcquire(1), try member.memberCount() == 2 else { exit(1) }
                kill(getpid(), SIGKILL)
                pause()
            }
            #expect(try survivor.memberCount() == 1)
            #expect(try survivor.tryAcquire(1))
        }
    }

    @Test func `a member that nobody holds any more has left`() throws {
        let path = "/tmp/outrigger-test-group-\(getpid())"
        defer { unlink(path) }
        let first = try SQLiteGroupMember(path: path)
        do {
            let second = try SQLiteGroupMember(path: path)
            #expect(try second.tryAcquire(0))
            #expect(try first.memberCount() == 2)
        }
        #expect(try first.memberCount() == 1)
        #expect(try first.tryAcquire(0))
    }

    @Test func `a group takes as many members as it has places`() throws {
        let path = "/tmp/outrigger-test-full-group-\(getpid())"
        defer { unlink(path) }
        let members = try (0..<3).map { _ in try SQLiteGroupMember(path: path, membersMax: 3) }
        let error = #expect(throws: EventLogError.self) { try SQLiteGroupMember(path: path, membersMax: 3) }
        #expect(error?.code == .overloaded)
        members[1].leave()
        let late = try SQLiteGroupMember(path: path, membersMax: 3)
        #expect(try late.memberCount() == 3)
        #expect(try members[0].memberCount() == 3)
    }

    @Test func `a file that can't be had is named`() async throws {
        try await withFolder { folder in
            for path in [folder + "/missing/groups", folder + "/file/groups"] {
                let file = open(folder + "/file", O_WRONLY | O_CREAT, 0o600)
                close(file)
                let error = #expect(throws: EventLogError.self) { try GroupFolder(path: path).join("g", in: "n") }
                #expect(error?.code == .unavailable)
                #expect(error?.description.contains(path) == true)
            }
        }
    }
}
