using System.Numerics;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Updates;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Updates;

public class PulseSchemeTests : LawsOf<PulseScheme>
{
    private const double Rate = 0.01, Step = 0.001;

    [Theory]
    [InlineData(0.6, -0.3)]
    [InlineData(-1.5, 0.4)]
    [InlineData(0.2, 0.9)]
    public void StochasticTrainsMoveByRateTimesGradientOnAverage(double x, double delta)
    {
        // BL = 10, q = rate·|x·δ|/(BL·Δw): mean BL·q pulses, binomial variance BL·q(1 − q), kurtosis 3 + (1 − 6q(1 − q))/(BL·q(1 − q)).
        const int slots = 10;
        foreach (var gain in Catalog.Defaults<TrainGain>())
        {
            var limit = Math.Sqrt(Rate / (slots * Step));
            if (gain is EqualGain && Math.Max(Math.Abs(x), Math.Abs(delta)) * limit > 1)
                continue; // saturates, as it must
            var q = Rate * Math.Abs(x * delta) / (slots * Step);
            var variance = slots * Step * Step * q * (1 - q);
            var mean = -Rate * x * delta;
            Stat.Mean(Changes(gain)).Is(mean, std: Math.Sqrt(variance), detect: 0.02 * Math.Abs(mean));
            Stat.Variance(Changes(gain)).Is(variance, detect: 0.03, kurtosis: 3 + (1 - 6 * q * (1 - q)) / (slots * q * (1 - q)));
        }

        Sampler Changes(TrainGain gain) => (count, rng) =>
        {
            using var scope = NewDisposeScope();
            using var trains = new PulseTrains(1, 1);
            new StochasticTrains { Gain = gain, BitLength = slots }.Draw(full([count, 1], (float)x), full([count, 1], (float)delta), Rate, Step, rng, trains);
            var (a, b) = (trains.Inputs.data<int>().ToArray(), trains.Outputs.data<int>().ToArray());
            var changes = new float[count];
            for (var sample = 0; sample < count; sample++)
                changes[sample] = (float)Step * BitOperations.PopCount((uint)(a[sample * 16] & b[sample * 16] & TrainPair.Slots)) * (a[sample * 16] < 0 != b[sample * 16] < 0 ? -1 : 1);
            return changes;
        };
    }

    [Fact]
    public void TheBiasLineStandsOnAnInputOfOne()
    {
        Stat.Mean((count, rng) =>
        {
            using var scope = NewDisposeScope();
            using var trains = new PulseTrains(1, 1);
            new StochasticTrains().Draw(full([count, 1], 0.1f), full([count, 1], 0.4f), Rate, Step, rng, trains);
            var (a, b) = (trains.Bias.data<int>().ToArray(), trains.Outputs.data<int>().ToArray());
            return [.. Enumerable.Range(0, count).Select(i => (float)BitOperations.PopCount((uint)(a[i * 16] & b[i * 16] & TrainPair.Slots)))];
        }).Is(4, std: Math.Sqrt(10 * 0.4 * 0.6), detect: 0.05); // 10 slots at q = 0.01·1·0.4/(10·0.001)
    }

    /// <summary>Inputs of 0.05 whose mean change needs 4 of 10 slots, where an input of 1 beside them would need 80.</summary>
    private const double SmallInput = 0.05, LargeError = 8;

    public static TheoryData<string> EngineNames => new(Engines.All.Select(engine => engine.Name));

    [Theory]
    [MemberData(nameof(EngineNames))]
    public void WithoutABiasSmallInputsMoveByRateTimesGradientToo(string engine)
    {
        using var scope = NewDisposeScope();
        const int samples = 20_000;
        var (x, delta) = (full([samples, 1], (float)SmallInput), full([samples, 1], -(float)LargeError));
        using var trains = new PulseTrains(1, 1);
        var cells = new IdealCells(Bench.Engine(engine));
        new StochasticTrains().Apply(x, delta, Rate, Rng.FromSeed(Stat.Seed), trains, cells, bias: null);
        var std = Math.Sqrt(samples * 10 * 0.4 * 0.6);
        Assert.InRange(cells.Pulses, 4 * samples - 4.9 * std, 4 * samples + 4.9 * std); // α = 1e-6
        // The next array that uses these buffers has a bias: its line of 1 takes its share, and gets what nothing else can give it.
        var bias = new IdealCells(Bench.Engine(engine));
        new StochasticTrains().Apply(x, delta, Rate / 20, Rng.FromSeed(Stat.Seed), trains, cells, bias);
        Assert.InRange(bias.Pulses, 4 * samples - 4.9 * std, 4 * samples + 4.9 * std);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BothLinesReachTheSameHighestProbability(bool onDevice)
    {
        using var scope = NewDisposeScope();
        const int samples = 20_000, slots = 10;
        using var trains = new PulseTrains(2, 2) { HasBias = false };
        var scheme = new StochasticTrains { BitLength = slots };
        var x = tensor(new[] { (float)SmallInput, 0.01f }).expand(samples, 2).contiguous();
        var delta = tensor(new[] { 1f, (float)LargeError }).expand(samples, 2).contiguous();
        if (onDevice)
        {
            trains.Resize(samples, CPU);
            scheme.DrawOnDevice(x, delta, (float)Math.Sqrt(Rate / (slots * Step)), Rng.FromSeed(Stat.Seed), trains);
        }
        else
        {
            scheme.Draw(x, delta, Rate, Step, Rng.FromSeed(Stat.Seed), trains);
        }
        // √(0.01·0.05·8/(10·0.001)) = √0.4 a slot. Input lines are not drawn in the (1 − p)(1 − p/8) of slots in which no error has a pulse.
        var p = Math.Sqrt(0.4);
        var drawn = onDevice ? 1 : 1 - (1 - p) * (1 - p / 8);
        AssertShare(Ones(trains.Inputs, 0), p * drawn);
        AssertShare(Ones(trains.Inputs, 1), p / 5 * drawn);
        AssertShare(Ones(trains.Outputs, 1), p);
        AssertShare(Ones(trains.Outputs, 0), p / 8);

        static long Ones(Tensor words, int line) =>
            words.select(1, line).contiguous().data<int>().ToArray().Sum(word => (long)BitOperations.PopCount((uint)word & TrainPair.Slots));

        void AssertShare(long ones, double share)
        {
            const double count = (double)samples * slots;
            var deviation = 4.9 * Math.Sqrt(count * share * (1 - share) * slots); // at most: slots of a sample depend on one another
            Assert.InRange(ones, count * share - deviation, count * share + deviation);
        }
    }

    [Fact]
    public void CoincidencesOnAnIdealDeviceAreItsChange()
    {
        // The same mean through an engine: 20,000 samples on one element, its total change against −rate·Σδ·x.
        using var scope = NewDisposeScope();
        const int samples = 20_000;
        var device = new ConstantStep { DwMin = Step, Max = 1000, Min = -1000, CycleNoise = 0, DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0, MinVariation = 0 };
        using var trains = new PulseTrains(1, 1);
        new StochasticTrains().Draw(full([samples, 1], 0.5f), full([samples, 1], -0.4f), Rate, Step, Rng.FromSeed(Stat.Seed), trains);
        var target = new PulseTarget { Planes = device.Manufacture(default, [1, 1]), Weights = zeros(1, 1) };
        device.Accept(Engines.For(CPU).Update(target, trains.ForWeights, default));
        // Every one of the pulses rounds a value below 64.
        Assert.Equal(target.Pulses * Step, target.Planes.Value.item<float>(), target.Pulses * Math.Pow(2, -24) * 64);
        var std = Math.Sqrt(samples * 10 * 0.2 * 0.8);
        Assert.InRange(target.Pulses, 2 * samples - 4.9 * std, 2 * samples + 4.9 * std); // α = 1e-6
    }

    [Fact]
    public void SlottedTrainsCoincideExactlyMTimesNTimes()
    {
        using var scope = NewDisposeScope();
        for (var most = 1; most <= 5; most++)
        {
            var scheme = new SlottedTrains { MaxPulses = most, InputStep = 0.25 };
            var errorStep = Step / (Rate * scheme.InputStep);
            // From −6 to 6 steps in quarters: rounding, dead zone and limit are all met.
            var steps = Enumerable.Range(-24, 49).Select(i => i / 4f).ToArray();
            using var trains = new PulseTrains(steps.Length, steps.Length);
            scheme.Draw(tensor(steps).mul_(0.25f).unsqueeze(0), tensor(steps).mul_((float)errorStep).unsqueeze(0), Rate, Step, default, trains);
            var (inputs, outputs) = (Words(trains.Inputs, 0, steps.Length), Words(trains.Outputs, 0, steps.Length));
            for (var i = 0; i < steps.Length; i++)
                for (var o = 0; o < steps.Length; o++)
                {
                    Assert.Equal(Pulses(steps[i], most) * Pulses(steps[o], most), BitOperations.PopCount((uint)(inputs[i] & outputs[o] & TrainPair.Slots)));
                    if (steps[i] * steps[o] != 0)
                        Assert.Equal(steps[i] * steps[o] > 0, inputs[i] < 0 != outputs[o] < 0); // a downward pulse where δ·x > 0
                }
        }

        static int Pulses(float steps, int most) => Math.Min((int)Math.Floor(Math.Abs(steps) + 0.5f), most);
    }

    [Fact]
    public void SlottedTrainsHaveADeadZoneOfHalfAStep()
    {
        using var scope = NewDisposeScope();
        using var trains = new PulseTrains(2, 2);
        new SlottedTrains().Draw(tensor(new[] { 0.12f, 0.13f }).unsqueeze(0), tensor(new[] { 0.19f, 0.21f }).unsqueeze(0), Rate, Step, default, trains);
        Assert.Equal([0, 1], Words(trains.Inputs, 0, 2).Select(word => BitOperations.PopCount((uint)(word & TrainPair.Slots)) / 4));
        Assert.Equal([0, 1], Words(trains.Outputs, 0, 2).Select(word => BitOperations.PopCount((uint)(word & TrainPair.Slots)) / 4));
    }

    /// <summary>One element that counts its pulses.</summary>
    private sealed class IdealCells(IPulseEngine engine) : IUpdatable
    {
        public double WeightStep => Step;

        public long Pulses { get; private set; }

        public void Update(TrainPair trains)
        {
            using var scope = NewDisposeScope();
            var device = new ConstantStep { DwMin = Step, CycleNoise = 0 };
            var target = new PulseTarget { Planes = device.Manufacture(default, [1, 1]), Weights = zeros(1, 1) };
            device.Accept(engine.Update(target, trains, default));
            Pulses += target.Pulses;
        }

        public void Add(Tensor change, int samples, double rate) => throw new NotSupportedException();
    }

    private static int[] Words(Tensor words, int sample, long lines) => words.data<int>().ToArray().AsSpan((int)(sample * words.shape[1]), (int)lines).ToArray();
}
