using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>Deterministic trains in fixed slots: m pulses for the input, n for the error, m·n coincidences.</summary>
/// <remarks>
/// The crossbar-compatible rule of Burr et al. (2014/15): m = min(M, round(|x|/InputStep)), n = min(M, round(rate·|δ|/d)) with
/// d = Δw/InputStep. Time has M groups of M slots; an input pulse fills a group, an error pulse takes the same slot of
/// every group, so the coincidences are exactly m·n. Rounding leaves a dead zone of half a step on either line.
/// </remarks>
public sealed record SlottedTrains : PulseScheme
{
    /// <summary>Most pulses on a line (M).</summary>
    [Unit("1")]
    public int MaxPulses { get; init => field = Within(value, 1, 5); } = 4;

    /// <summary>Input that makes one pulse.</summary>
    [Unit("1")]
    public double InputStep { get; init => field = Positive(value); } = 0.25;

    /// <inheritdoc/>
    public override void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains)
    {
        trains.Resize((int)x.shape[0], x.device);
        var inputGain = (float)(1 / InputStep);
        var errorGain = (float)(-rate * InputStep / weightStep);
        var (groups, combs) = Patterns();
        ReadOnlySpan<float> one = [1f];
        if (x.device.type != DeviceType.CPU)
        {
            DrawOnDevice(x, delta, inputGain, errorGain, groups, combs, trains);
            return;
        }
        var inputs = new TrainSampler.Rows<float>(x, trains.InputCount);
        var errors = new TrainSampler.Rows<float>(delta, trains.OutputCount);
        var inputWords = new TrainSampler.Rows<uint>(trains.Inputs, trains.ForWeights.InputStride);
        var errorWords = new TrainSampler.Rows<uint>(trains.Outputs, trains.ForWeights.OutputStride);
        var biasWords = new TrainSampler.Rows<uint>(trains.Bias, trains.ForBias.OutputStride);
        for (var sample = 0; sample < trains.Samples; sample++)
        {
            TrainSampler.Slotted(inputs[sample], inputGain, MaxPulses, groups, inputWords[sample]);
            TrainSampler.Slotted(errors[sample], errorGain, MaxPulses, combs, errorWords[sample]);
            TrainSampler.Slotted(one, inputGain, MaxPulses, groups, biasWords[sample]);
        }
    }

    /// <inheritdoc/>
    public override Moments Coincidences(double x, double delta, in TrainSample sample)
    {
        var inputs = Math.Min(Math.Floor(Math.Abs(x) / InputStep + 0.5), MaxPulses);
        var errors = Math.Min(Math.Floor(sample.Rate * Math.Abs(delta) * InputStep / sample.WeightStep + 0.5), MaxPulses);
        return new(-Math.Sign(x) * Math.Sign(delta) * inputs * errors);
    }

    private void DrawOnDevice(Tensor x, Tensor delta, float inputGain, float errorGain, uint[] groups, uint[] combs, PulseTrains trains)
    {
        using var scope = NewDisposeScope();
        Fill(trains.Inputs, x * inputGain, groups);
        Fill(trains.Outputs, delta * errorGain, combs);
        Fill(trains.Bias, full([trains.Samples, 1], inputGain, device: x.device), groups);

        void Fill(Tensor words, Tensor pulses, uint[] pattern)
        {
            words.zero_();
            var counts = (pulses.abs() + 0.5f).floor_().clamp_max_(MaxPulses).to(ScalarType.Int64);
            var bits = tensor(Array.ConvertAll(pattern, word => (int)word), device: x.device)[counts];
            var signed = where(pulses < 0, bits | int.MinValue, bits);
            words.narrow(0, 0, signed.shape[0]).narrow(1, 0, signed.shape[1]).copy_(signed);
        }
    }

    /// <summary>Words of k input pulses (k whole groups) and of k error pulses (k slots of every group).</summary>
    private (uint[] Groups, uint[] Combs) Patterns()
    {
        var groups = new uint[MaxPulses + 1];
        var combs = new uint[MaxPulses + 1];
        for (var k = 1; k <= MaxPulses; k++)
        {
            groups[k] = (1u << (k * MaxPulses)) - 1;
            combs[k] = combs[k - 1];
            for (var group = 0; group < MaxPulses; group++)
                combs[k] |= 1u << (group * MaxPulses + k - 1);
        }
        return (groups, combs);
    }
}
