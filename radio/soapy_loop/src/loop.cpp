// An SDR in memory: what is sent on TX channel n is received on RX channel n. What it can do is said in lib.rs.

#include <SoapySDR/ConverterPrimitives.hpp>
#include <SoapySDR/Device.hpp>
#include <SoapySDR/Formats.hpp>
#include <SoapySDR/Registry.hpp>
#include <SoapySDR/Time.hpp>

#include <algorithm>
#include <cmath>
#include <chrono>
#include <complex>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Sample = std::complex<float>;
using Tick = long long;

const size_t CHANNELS = 2;
const Tick NEVER = std::numeric_limits<Tick>::max();

// A stretch of samples on the way, of every channel.
struct Segment {
    Tick at;
    std::vector<Sample> channels[CHANNELS];
    size_t size() const { return channels[0].size(); }
};

struct Status {
    int code;
    Tick at;
};

std::string text_arg(const SoapySDR::Kwargs &args, const char *key, const std::string &otherwise) {
    const auto found = args.find(key);
    return found == args.end() ? otherwise : found->second;
}

Tick arg(const SoapySDR::Kwargs &args, const char *key, Tick otherwise) {
    const auto found = args.find(key);
    return found == args.end() ? otherwise : std::stoll(found->second);
}

// What all handles of one serial share.
struct Loop {
    explicit Loop(const SoapySDR::Kwargs &args)
        : native(text_arg(args, "native", SOAPY_SDR_CF32)),
          formats(text_arg(args, "formats", SOAPY_SDR_CF32 "|" SOAPY_SDR_CS16)),
          full_scale(native == SOAPY_SDR_CS16 ? double(arg(args, "full_scale", 32768)) : 1.0),
          mtu(size_t(arg(args, "mtu", 1000))), buffer(size_t(arg(args, "buffer", 1000000))),
          time0(arg(args, "time0", 0)), timed(arg(args, "timed", 1) != 0), time_every(arg(args, "time_every", 1)),
          late_at(arg(args, "late_at", NEVER)), underflow_at(arg(args, "underflow_at", NEVER)),
          underflow_len(arg(args, "underflow_len", 5000)), overflow_at(arg(args, "overflow_at", NEVER)),
          overflow_len(arg(args, "overflow_len", 5000)), remove_at(arg(args, "remove_at", NEVER)),
          stall_at(arg(args, "stall_at", NEVER)) {}

    long long time_ns(Tick at) const { return time0 + SoapySDR::ticksToTimeNs(at, rate); }
    Tick tick(long long ns) const { return SoapySDR::timeNsToTicks(ns - time0, rate); }

    void must_be_there() const {
        if (std::max(now, sent) >= remove_at) throw std::runtime_error("no such device (it has been disconnected)");
    }
    bool stalled() const { return std::max(now, sent) >= stall_at; }

    // Moves the clock on; what is behind it is gone.
    void advance(Tick to) {
        now = std::max(now, to);
        while (!queue.empty() && queue.front().at + Tick(queue.front().size()) <= now) {
            queued -= queue.front().size();
            queue.pop_front();
        }
    }

    std::mutex mutex;
    std::condition_variable moved;
    const std::string native, formats;
    const double full_scale;
    const size_t mtu, buffer;
    long long time0;
    const bool timed;
    const Tick time_every;
    Tick late_at, underflow_at;
    const Tick underflow_len;
    Tick overflow_at;
    const Tick overflow_len, remove_at, stall_at;

    double rate = 1.92e6;
    Tick now = 0;    // next sample to be received
    Tick tx_end = 0; // sample after the last one on the way
    Tick sent = 0;   // samples taken from the transmitter
    Tick reads = 0, bursts = 0;
    bool in_burst = false, dropping = false, receiving = false, transmitting = false;
    std::deque<Segment> queue;
    size_t queued = 0;
    std::deque<Status> status;
    // A device that wakes up loud: who opens it has to turn it down.
    double gain[2][CHANNELS] = {{30, 30}, {30, 30}};
    double frequency[2][CHANNELS] = {{100e6, 100e6}, {100e6, 100e6}};
    double bandwidth[2] = {5e6, 5e6};
    std::string antenna[2] = {"TX", "RX"};
    std::string clock_source = "internal", time_source = "internal";
};

struct LoopStream {
    int direction;
    bool cs16;
    std::vector<size_t> channels;
};

class LoopDevice : public SoapySDR::Device {
public:
    explicit LoopDevice(std::shared_ptr<Loop> shared) : loop_(std::move(shared)), l(*loop_) {}

    std::string getDriverKey() const override { return "castbench_loop"; }
    std::string getHardwareKey() const override { return "loop"; }
    SoapySDR::Kwargs getHardwareInfo() const override {
        return {{"what", "memory: what is sent is received, nothing is radiated"}};
    }
    size_t getNumChannels(const int) const override { return CHANNELS; }
    bool getFullDuplex(const int, const size_t) const override { return true; }

    std::vector<std::string> getStreamFormats(const int, const size_t) const override {
        std::vector<std::string> list;
        for (const char *format : {SOAPY_SDR_CF32, SOAPY_SDR_CS16})
            if (l.formats.find(format) != std::string::npos) list.push_back(format);
        return list;
    }
    std::string getNativeStreamFormat(const int, const size_t, double &full_scale) const override {
        full_scale = l.full_scale;
        return l.native;
    }

    SoapySDR::Stream *setupStream(const int direction, const std::string &format, const std::vector<size_t> &channels,
                                  const SoapySDR::Kwargs &) override {
        const auto formats = getStreamFormats(direction, 0);
        if (std::find(formats.begin(), formats.end(), format) == formats.end())
            throw std::runtime_error("stream format " + format + " is not offered");
        for (const size_t channel : channels)
            if (channel >= CHANNELS) throw std::runtime_error("no such channel");
        auto *stream = new LoopStream{direction, format == SOAPY_SDR_CS16, channels};
        if (stream->channels.empty()) stream->channels.push_back(0);
        return reinterpret_cast<SoapySDR::Stream *>(stream);
    }
    void closeStream(SoapySDR::Stream *stream) override { delete of(stream); }
    size_t getStreamMTU(SoapySDR::Stream *) const override { return l.mtu; }

    int activateStream(SoapySDR::Stream *stream, const int, const long long, const size_t) override {
        return set_active(stream, true);
    }
    int deactivateStream(SoapySDR::Stream *stream, const int, const long long) override {
        return set_active(stream, false);
    }

    int writeStream(SoapySDR::Stream *handle, const void *const *buffers, const size_t wanted, int &flags,
                    const long long time_ns, const long timeout_us) override {
        std::unique_lock<std::mutex> lock(l.mutex);
        l.must_be_there();
        if (!l.transmitting) return SOAPY_SDR_STREAM_ERROR;
        const LoopStream &stream = *of(handle);
        const auto room = [this] { return !l.receiving || l.queued < l.buffer; };
        if (l.stalled() || !room()) {
            l.moved.wait_for(lock, std::chrono::microseconds(timeout_us), [&] { return !l.stalled() && room(); });
            if (l.stalled() || !room()) return SOAPY_SDR_TIMEOUT;
        }
        size_t n = std::min(wanted, l.mtu);
        if (l.receiving) n = std::min(n, l.buffer - l.queued);
        begin_burst(flags, time_ns);
        faults_of_transmission(Tick(n));
        if (!l.dropping) {
            Segment segment{l.tx_end, {}};
            for (auto &samples : segment.channels) samples.resize(n);
            for (size_t c = 0; c < stream.channels.size(); c++)
                for (size_t i = 0; i < n; i++)
                    segment.channels[stream.channels[c]][i] = to_air(stream, buffers[c], i);
            l.queue.push_back(std::move(segment));
            l.queued += n;
        }
        // What is dropped leaves silence.
        l.tx_end += Tick(n);
        l.sent += Tick(n);
        if (!l.receiving) l.advance(l.tx_end);
        // As drivers do: the flag counts even when only a part of the samples was taken.
        if (flags & SOAPY_SDR_END_BURST) {
            l.in_burst = l.dropping = false;
            l.bursts++;
        }
        l.moved.notify_all();
        return int(n);
    }

    int readStream(SoapySDR::Stream *handle, void *const *buffers, const size_t wanted, int &flags, long long &time_ns,
                   const long timeout_us) override {
        std::unique_lock<std::mutex> lock(l.mutex);
        l.must_be_there();
        if (!l.receiving) return SOAPY_SDR_STREAM_ERROR;
        const LoopStream &stream = *of(handle);
        if (l.now >= l.overflow_at) {
            l.overflow_at = NEVER;
            if (l.timed) time_ns = l.time_ns(l.now);
            l.advance(l.now + l.overflow_len);
            flags = SOAPY_SDR_END_ABRUPT;
            return SOAPY_SDR_OVERFLOW;
        }
        const auto something = [this] { return !l.stalled() && l.now < l.tx_end; };
        if (!l.moved.wait_for(lock, std::chrono::microseconds(timeout_us), something)) return SOAPY_SDR_TIMEOUT;
        const Segment *front = l.queue.empty() ? nullptr : &l.queue.front();
        const bool silence = !front || front->at > l.now;
        const Tick until = !front ? l.tx_end : silence ? front->at : front->at + Tick(front->size());
        const size_t n = std::min({wanted, l.mtu, size_t(until - l.now)});
        for (size_t c = 0; c < stream.channels.size(); c++)
            for (size_t i = 0; i < n; i++)
                from_air(stream, buffers[c], i,
                         silence ? Sample() : front->channels[stream.channels[c]][size_t(l.now - front->at) + i]);
        flags = 0;
        if (l.timed && l.reads++ % l.time_every == 0) {
            time_ns = l.time_ns(l.now);
            flags = SOAPY_SDR_HAS_TIME;
        }
        l.advance(l.now + Tick(n));
        l.moved.notify_all();
        return int(n);
    }

    int readStreamStatus(SoapySDR::Stream *handle, size_t &channel_mask, int &flags, long long &time_ns,
                         const long) override {
        std::lock_guard<std::mutex> lock(l.mutex);
        l.must_be_there();
        if (of(handle)->direction != SOAPY_SDR_TX) return SOAPY_SDR_NOT_SUPPORTED;
        if (l.status.empty()) return SOAPY_SDR_TIMEOUT;
        const Status status = l.status.front();
        l.status.pop_front();
        channel_mask = 1;
        flags = SOAPY_SDR_HAS_TIME;
        time_ns = l.time_ns(status.at);
        return status.code;
    }

    std::vector<std::string> listAntennas(const int direction, const size_t) const override {
        if (direction == SOAPY_SDR_TX) return {"TX"};
        return {"RX", "TX/RX"};
    }
    void setAntenna(const int direction, const size_t, const std::string &name) override { l.antenna[direction] = name; }
    std::string getAntenna(const int direction, const size_t) const override { return l.antenna[direction]; }

    std::vector<std::string> listGains(const int, const size_t) const override { return {"PGA"}; }
    void setGain(const int direction, const size_t channel, const double value) override {
        l.gain[direction][channel] = std::max(0.0, std::min(60.0, value));
    }
    void setGain(const int direction, const size_t channel, const std::string &, const double value) override {
        setGain(direction, channel, value);
    }
    double getGain(const int direction, const size_t channel) const override { return l.gain[direction][channel]; }
    double getGain(const int direction, const size_t channel, const std::string &) const override {
        return getGain(direction, channel);
    }
    SoapySDR::Range getGainRange(const int, const size_t) const override { return SoapySDR::Range(0, 60); }
    SoapySDR::Range getGainRange(const int, const size_t, const std::string &) const override {
        return SoapySDR::Range(0, 60);
    }

    void setFrequency(const int direction, const size_t channel, const double hz, const SoapySDR::Kwargs &) override {
        l.frequency[direction][channel] = hz;
    }
    void setFrequency(const int direction, const size_t channel, const std::string &, const double hz,
                      const SoapySDR::Kwargs &args) override {
        setFrequency(direction, channel, hz, args);
    }
    double getFrequency(const int direction, const size_t channel) const override {
        return l.frequency[direction][channel];
    }
    double getFrequency(const int direction, const size_t channel, const std::string &) const override {
        return getFrequency(direction, channel);
    }
    std::vector<std::string> listFrequencies(const int, const size_t) const override { return {"RF"}; }
    SoapySDR::RangeList getFrequencyRange(const int, const size_t) const override { return {{47e6, 6e9}}; }
    SoapySDR::RangeList getFrequencyRange(const int, const size_t, const std::string &) const override {
        return {{47e6, 6e9}};
    }

    // One sample clock for both directions.
    void setSampleRate(const int, const size_t, const double rate) override {
        std::lock_guard<std::mutex> lock(l.mutex);
        l.rate = rate;
    }
    double getSampleRate(const int, const size_t) const override { return l.rate; }
    SoapySDR::RangeList getSampleRateRange(const int, const size_t) const override { return {{0.2e6, 61.44e6}}; }
    void setBandwidth(const int direction, const size_t, const double hz) override { l.bandwidth[direction] = hz; }
    double getBandwidth(const int direction, const size_t) const override { return l.bandwidth[direction]; }
    SoapySDR::RangeList getBandwidthRange(const int, const size_t) const override { return {{0.2e6, 56e6}}; }

    std::vector<std::string> listClockSources() const override { return {"internal", "external"}; }
    void setClockSource(const std::string &source) override { l.clock_source = source; }
    std::string getClockSource() const override { return l.clock_source; }
    std::vector<std::string> listTimeSources() const override { return {"internal", "gps"}; }
    void setTimeSource(const std::string &source) override { l.time_source = source; }
    std::string getTimeSource() const override { return l.time_source; }
    bool hasHardwareTime(const std::string &) const override { return l.timed; }
    long long getHardwareTime(const std::string &) const override {
        std::lock_guard<std::mutex> lock(l.mutex);
        l.must_be_there();
        return l.time_ns(l.now);
    }
    void setHardwareTime(const long long ns, const std::string &) override {
        std::lock_guard<std::mutex> lock(l.mutex);
        l.time0 += ns - l.time_ns(l.now);
    }

    std::string readSetting(const std::string &key) const override {
        std::lock_guard<std::mutex> lock(l.mutex);
        if (key == "bursts") return std::to_string(l.bursts);
        if (key == "gain") return std::to_string(l.gain[SOAPY_SDR_TX][0]);
        throw std::runtime_error("no setting " + key);
    }

private:
    static LoopStream *of(SoapySDR::Stream *stream) { return reinterpret_cast<LoopStream *>(stream); }

    int set_active(SoapySDR::Stream *stream, bool active) {
        std::lock_guard<std::mutex> lock(l.mutex);
        l.must_be_there();
        (of(stream)->direction == SOAPY_SDR_TX ? l.transmitting : l.receiving) = active;
        if (!l.receiving) l.advance(l.tx_end);
        if (!l.transmitting) l.in_burst = l.dropping = false;
        l.moved.notify_all();
        return 0;
    }

    // The first samples of a burst say where it begins. One that begins in the past is dropped to its end.
    void begin_burst(int flags, long long time_ns) {
        if (l.in_burst) return;
        l.in_burst = true;
        const Tick earliest = std::max(l.now, l.tx_end);
        const Tick at = (flags & SOAPY_SDR_HAS_TIME) && l.timed ? l.tick(time_ns) : earliest;
        if (at < earliest) drop_burst();
        l.tx_end = std::max(at, earliest);
    }

    void drop_burst() {
        l.status.push_back({SOAPY_SDR_TIME_ERROR, l.now});
        l.dropping = true;
    }

    void faults_of_transmission(Tick n) {
        if (l.sent + n > l.late_at) {
            l.late_at = NEVER;
            drop_burst();
        }
        if (l.sent + n > l.underflow_at) {
            l.underflow_at = NEVER;
            l.status.push_back({SOAPY_SDR_UNDERFLOW, l.now});
            l.tx_end += l.underflow_len;
        }
    }

    // Full scale is 1 on the air. Integers are made as SoapySDR's own converters make them, without a check.
    Sample to_air(const LoopStream &stream, const void *buffer, size_t i) const {
        const float scale = float(l.full_scale);
        if (stream.cs16) {
            const auto *s = static_cast<const int16_t *>(buffer) + 2 * i;
            const float unit = l.native == SOAPY_SDR_CS16 ? scale : SoapySDR::S16_FULL_SCALE;
            return Sample(float(s[0]) / unit, float(s[1]) / unit);
        }
        const Sample s = static_cast<const Sample *>(buffer)[i];
        if (l.native != SOAPY_SDR_CS16) return s;
        const auto wrap = [scale](float x) { return float(int16_t(int32_t(x * scale))) / scale; };
        return Sample(wrap(s.real()), wrap(s.imag()));
    }

    void from_air(const LoopStream &stream, void *buffer, size_t i, Sample s) const {
        if (!stream.cs16) {
            static_cast<Sample *>(buffer)[i] = s;
            return;
        }
        const float unit = l.native == SOAPY_SDR_CS16 ? float(l.full_scale) : SoapySDR::S16_FULL_SCALE;
        const auto whole = [unit](float x) {
            return int16_t(std::max(-unit, std::min(unit - 1, std::round(x * unit))));
        };
        static_cast<int16_t *>(buffer)[2 * i] = whole(s.real());
        static_cast<int16_t *>(buffer)[2 * i + 1] = whole(s.imag());
    }

    std::shared_ptr<Loop> loop_;
    Loop &l;
};

SoapySDR::KwargsList find(const SoapySDR::Kwargs &args) {
    SoapySDR::Kwargs found;
    found["serial"] = text_arg(args, "serial", "0");
    found["label"] = "castbench loop device " + found["serial"];
    return {found};
}

SoapySDR::Device *make(const SoapySDR::Kwargs &args) {
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<Loop>> loops;
    std::lock_guard<std::mutex> lock(mutex);
    auto &known = loops[text_arg(args, "serial", "0")];
    auto loop = known.lock();
    if (!loop) known = loop = std::make_shared<Loop>(args);
    return new LoopDevice(loop);
}

SoapySDR::Registry registration("castbench_loop", &find, &make, SOAPY_SDR_ABI_VERSION);

} // namespace
