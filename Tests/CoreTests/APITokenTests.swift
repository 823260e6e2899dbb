// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

@Suite struct APITokenTests {
    @Test(arguments: ["", "s", "secre", "secret2", "secretsecret", "Secret", "sécret"])
    func `another text than the token's doesn't match`(given: String) throws {
        #expect(try !#require(APIToken("secret")).matches(given))
    }

    @Test func `the token's own text matches, and isn't shown`() throws {
        let token = try #require(APIToken("secret"))
        #expect(token.matches("secret"))
        #expect(!"\(token)".contains("secret"))
    }

    @Test func `an empty text is no token`() {
        #expect(APIToken("").map(\.description) == nil)
    }
}
