import Testing

@testable import ZeroMQ

@Suite struct ZAPTests {
    let request: [[UInt8]] = [
        Array("1.0".utf8), Array("7".utf8), Array("test".utf8), Array("10.0.0.1".utf8), [], Array("CURVE".utf8),
        [UInt8](repeating: 9, count: 32),
    ]

    @Test func aGoodRequestReachesTheJudge() throws {
        let parsed = try #require(ZAP.parse(request))
        #expect(parsed.domain == "test" && parsed.address == "10.0.0.1")
        let answer = ZAP.answer(to: request) { _ in .accept(userID: "me") }
        #expect(answer[1] == Array("7".utf8) && answer[2] == Array("200".utf8) && answer[4] == Array("me".utf8))
    }

    @Test func whatCannotBeReadIsRefused() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            var frames = request
            let index = Int.random(in: 0..<frames.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: frames.remove(at: index)
            case 1: frames.insert([1, 2], at: index)
            default: frames = Array(frames.prefix(index))
            }
            let answer = ZAP.answer(to: frames) { _ in .accept(userID: "me") }
            #expect(answer.count == 6 && answer[2] == Array("500".utf8) && answer[4].isEmpty)
        }
    }

    @Test func aTooLongUserIDIsRefused() {
        let answer = ZAP.answer(to: request) { _ in .accept(userID: String(repeating: "x", count: 256)) }
        #expect(answer[2] == Array("500".utf8))
    }
}
