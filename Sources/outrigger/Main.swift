// SPDX-License-Identifier: Apache-2.0
@main struct Outrigger { static func main() {} }
