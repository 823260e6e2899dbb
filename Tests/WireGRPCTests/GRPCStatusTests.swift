// SPDX-License-Identifier: Apache-2.0

import Testing
import WireGRPC

struct GRPCStatusTests {
    @Test func `codes have gRPC's numbers and names`() {
        let names = GRPCStatus.Code.allCases.map(\.name)
        #expect(names.count == 17 && Set(names).count == 17)
        #expect(GRPCStatus.Code(rawValue: 14)?.name == "UNAVAILABLE")
        #expect(GRPCStatus.Code(rawValue: 16)?.name == "UNAUTHENTICATED")
        #expect(GRPCStatus.Code(rawValue: 5)?.name == "NOT_FOUND")
    }

    @Test(
        "a message is percent-encoded where a field can't hold it",
        arguments: [("plain words", "plain words"), ("100 % ört\n", "100 %25 %C3%B6rt%0A"), ("", "")])
    func message(text: String, encoded: String) {
        #expect(GRPCStatus(.unknown, text).encodedMessage == encoded)
    }

    @Test(
        "a reset stream has the status that gRPC gives it",
        arguments: [
            (0x0, GRPCStatus.Code.internal), (0x2, .internal), (0x7, .unavailable), (0x8, .cancelled),
            (0xB, .resourceExhausted), (0xC, .permissionDenied),
        ])
    func reset(code: Int, status: GRPCStatus.Code) {
        #expect(GRPCStatus.Code(resetCode: code) == status)
    }
}
