-- wrk: signed Slack events, each of them a message of its own. wrk is linked with libcrypto; LuaJIT reaches it directly.
-- Environment: SECRET, TEAMS (ids with commas between), TARGET_PATH.
local ffi = require("ffi")
ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int key_len, const char *data, size_t len, unsigned char *out, unsigned int *out_len);
long time(long *out);
]]

local secret, path = os.getenv("SECRET"), os.getenv("TARGET_PATH")
local method, digest = ffi.C.EVP_sha256(), ffi.new("unsigned char[32]")
local text = "<@U0BOT0001> " .. string.rep("hello bot ", 30)
local teams = {}
for team in string.gmatch(os.getenv("TEAMS"), "[^,]+") do teams[#teams + 1] = team end

local hex = {}
for i = 0, 255 do hex[i] = string.format("%02x", i) end

local function sign(base)
    ffi.C.HMAC(method, secret, #secret, base, #base, digest, nil)
    local out = {}
    for i = 0, 31 do out[i + 1] = hex[digest[i]] end
    return table.concat(out)
end

local threads = 0
function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

local head, sent = nil, 0
function init()
    head = "POST " .. path .. " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Slack-Request-Timestamp: "
end

function request()
    sent = sent + 1
    local stamp = tostring(tonumber(ffi.C.time(nil)))
    local team = teams[sent % #teams + 1]
    -- A time stamp of Slack has six digits behind its point; channels tell the threads of the generator apart.
    local ts = string.format("%d.%06d", stamp - math.floor(sent / 1000000), sent % 1000000)
    local channel = "C0BENCH0" .. number
    local body = '{"token":"x","team_id":"' .. team .. '","api_app_id":"A0BENCH00","event":{"type":"app_mention","user":"U0BENCH01","text":"'
        .. text .. '","ts":"' .. ts .. '","channel":"' .. channel .. '","event_ts":"' .. ts
        .. '"},"type":"event_callback","event_id":"Ev' .. number .. ts .. '","event_time":' .. stamp
        .. ',"authorizations":[{"enterprise_id":null,"team_id":"' .. team .. '","user_id":"U0BOT0001","is_bot":true}]}'
    return head .. stamp .. "\r\nX-Slack-Signature: v0=" .. sign("v0:" .. stamp .. ":" .. body)
        .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("RESULT %d %d %d %.1f %.1f\n", summary.requests, summary.duration,
        e.status + e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
