-- wrk: chat completions in OpenAI's format. Environment: STREAM (1: as a stream), KEY (a bearer, or several with commas
-- between: in turns), and what Portkey wants to know: UPSTREAM.
local stream = os.getenv("STREAM") == "1" and ',"stream":true,"stream_options":{"include_usage":true}' or ""
wrk.method = "POST"
wrk.body = '{"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"'
    .. string.rep("lorem ipsum ", 25) .. '"}],"max_tokens":128,"temperature":0.7' .. stream .. '}'
wrk.headers["Content-Type"] = "application/json"
local bearers = {}
for key in os.getenv("KEY"):gmatch("[^,]+") do bearers[#bearers + 1] = "Bearer " .. key end
wrk.headers["Authorization"] = bearers[1]
if os.getenv("UPSTREAM") then
    wrk.headers["x-portkey-provider"] = "openai"
    wrk.headers["x-portkey-custom-host"] = os.getenv("UPSTREAM")
end

if #bearers > 1 then
    local turn = 0
    function request()
        turn = turn % #bearers + 1
        wrk.headers["Authorization"] = bearers[turn]
        return wrk.format()
    end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("RESULT %d %d %d %.1f %.1f\n", summary.requests, summary.duration,
        e.status + e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
