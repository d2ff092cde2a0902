using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Kernels;

/// <summary>Every engine does what the scalar one does, for every device in the catalog.</summary>
public class EngineLaws
{
    // The exponentials of .NET's scalar and vector libraries and of torch differ in the last place, and later pulses add to that.
    private const int Ulps = 16;

    public static TheoryData<string, string> Pairs => EveryDeviceOn(Bench.FastEngines);

    public static TheoryData<string, string> AllPairs => EveryDeviceOn(Engines.All.Select(engine => engine.Name));

    [Theory]
    [MemberData(nameof(Pairs))]
    public void UpdatesAreThoseOfTheScalarEngineWithoutNoise(string engine, string device) =>
        Gen.Select(Gen.Int[1, 6], OneOf(1, 2, 7, 15, 16, 17, 31, 33, 40), OneOf(0, 1, 2, 5), Gen.Enum<PulseSide>(), Gen.Bool, Gen.ULong)
            .Sample((outputs, inputs, samples, side, inverted, key) =>
            {
                using var scope = NewDisposeScope();
                var trains = Bench.Trains(new Rng(key), samples, inputs, outputs, density: 0.4);
                AssertAgree(engine, device, new Rng(key), outputs, inputs, side, inverted, (e, target) => e.Update(target, trains, new Rng(key)));
            }, iter: 25, threads: 1);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void CountedPulsesAreThoseOfTheScalarEngineWithoutNoise(string engine, string device) =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 20], Gen.Int[0, 12], Gen.ULong).Sample((outputs, inputs, most, key) =>
        {
            using var scope = NewDisposeScope();
            var counts = Noise.Normal(new Rng(key), [outputs, inputs]).mul_(most).to(ScalarType.Int32);
            AssertAgree(engine, device, new Rng(key), outputs, inputs, PulseSide.Both, false, (e, target) => e.Pulse(target, counts, new Rng(key)));
        }, iter: 25, threads: 1);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void SoughtValuesAreThoseOfTheScalarEngineWithoutNoise(string engine, string device) =>
        Gen.Select(Gen.Int[1, 5], OneOf(1, 2, 7, 16, 17, 33, 40), Gen.Int[0, 12], Gen.ULong).Sample((outputs, inputs, most, key) =>
        {
            using var scope = NewDisposeScope();
            var (goals, tolerance) = Goals(device, new Rng(key), outputs, inputs);
            // Rounding decides about a pulse where a value comes this near to the edge; such elements get no goal.
            var margin = 1e-3f * tolerance;
            goals = where(Sought(goals - margin).eq(Sought(goals + margin)), goals, float.NegativeInfinity);
            AssertAgree(engine, device, new Rng(key), outputs, inputs, PulseSide.Both, false, (e, target) => e.Seek(target, goals, tolerance, most, new Rng(key)));

            Tensor Sought(Tensor nudged)
            {
                var target = Bench.Target(Bench.Device(device), new Rng(key), outputs, inputs);
                Bench.Device(device).Accept(new Quiet(Bench.Engine("scalar").Seek(target, nudged, tolerance, most, new Rng(key))));
                return target.Planes.Value;
            }
        }, iter: 25, threads: 1);

    [Theory]
    [MemberData(nameof(AllPairs))]
    public void ElementsAreRaisedUntilTheyAreNearTheirGoals(string engine, string device) =>
        Gen.Select(Gen.Int[1, 5], OneOf(1, 2, 7, 16, 17, 33, 40), Gen.Int[0, 12], Gen.ULong).Sample((outputs, inputs, most, key) =>
        {
            using var scope = NewDisposeScope();
            var (goals, tolerance) = Goals(device, new Rng(key), outputs, inputs);
            var target = Bench.Target(Bench.Device(device), new Rng(key), outputs, inputs, counting: true);
            var (values, weights) = (target.Planes.Value.clone(), full_like(target.Weights, 7f));
            target.Weights.copy_(weights);
            Bench.Device(device).Accept(Bench.Engine(engine).Seek(target, goals, tolerance, most, new Rng(key)));
            var counts = target.UpCounts!;
            Assert.Equal(target.Pulses, counts.sum().item<long>());
            Assert.Equal(0, target.DownCounts!.abs().max().item<int>());
            Assert.InRange(counts.max().item<int>(), 0, most);
            Assert.True((goals - target.Planes.Value <= tolerance).logical_or(counts == most).all().item<bool>());
            Assert.Equal((goals - values > tolerance).logical_and(tensor(most > 0)).data<bool>().ToArray(), (counts > 0).data<bool>().ToArray());
            var still = counts == 0;
            Assert.Equal(Bench.Floats(values.masked_select(still)), Bench.Floats(target.Planes.Value.masked_select(still)));
            Assert.Equal(still.data<bool>().ToArray(), (target.Weights == 7f).data<bool>().ToArray());
        }, iter: 10, threads: 1);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void MoreSamplesThanOneBlockAreThoseOfTheScalarEngine(string engine, string device)
    {
        using var scope = NewDisposeScope();
        var trains = Bench.Trains(new Rng(5), 1100, 2, 3, density: 0.02);
        AssertAgree(engine, device, new Rng(5), 3, 2, PulseSide.Both, false, (e, target) => e.Update(target, trains, new Rng(5)));
    }

    [Theory]
    [MemberData(nameof(AllPairs))]
    public void PulsesAreTheCoincidencesOfTheTrains(string engine, string device) =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 20], Gen.Int[0, 3], Gen.Enum<PulseSide>(), Gen.Bool, Gen.ULong).Sample((outputs, inputs, samples, side, inverted, key) =>
        {
            using var scope = NewDisposeScope();
            var trains = Bench.Trains(new Rng(key), samples, inputs, outputs, density: 0.3);
            var target = Bench.Target(Bench.Device(device), new Rng(key), outputs, inputs, side, inverted, counting: true);
            Bench.Device(device).Accept(Bench.Engine(engine).Update(target, trains, new Rng(key)));
            var (up, down) = Bench.Coincidences(trains, outputs, inputs, side, inverted);
            if (inverted)
                (up, down) = (down, up); // pulses are counted in the direction of the weight
            Assert.Equal(up, target.UpCounts!.data<int>().ToArray());
            Assert.Equal(down, target.DownCounts!.data<int>().ToArray());
            Assert.Equal(up.Sum() + down.Sum(), target.Pulses);
        }, iter: 10, threads: 1);

    /// <summary>A group's elements receive the coincidences of its own input lines, and move as they do in the scalar engine.</summary>
    [Theory]
    [MemberData(nameof(AllPairs))]
    public void GroupsHaveInputLinesOfTheirOwn(string engine, string device) =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[1, 20], Gen.Int[0, 70], Gen.ULong).Sample((groups, outputs, inputs, samples, key) =>
        {
            using var scope = NewDisposeScope();
            var padded = (inputs + 15) / 16 * 16;
            var all = Bench.Trains(new Rng(key), samples, groups * padded, groups * outputs, density: 0.2);
            var words = all.Inputs.view(samples, groups, padded);
            words.narrow(2, inputs, padded - inputs).zero_();
            var trains = all with { Groups = groups };
            var target = Bench.Target(Bench.Device(device), new Rng(key), groups * outputs, inputs, counting: true);
            Bench.Device(device).Accept(Bench.Engine(engine).Update(target, trains, new Rng(key)));
            for (var group = 0; group < groups; group++)
            {
                var own = Bench.Pair(words.select(1, group).contiguous(), all.Outputs.narrow(1, group * outputs, outputs).contiguous(), samples);
                var (up, down) = Bench.Coincidences(own, outputs, inputs, PulseSide.Both, false);
                Assert.Equal(up, target.UpCounts!.narrow(0, group * outputs, outputs).contiguous().data<int>().ToArray());
                Assert.Equal(down, target.DownCounts!.narrow(0, group * outputs, outputs).contiguous().data<int>().ToArray());
            }
            if (engine != "scalar")
                AssertAgree(engine, device, new Rng(key), groups * outputs, inputs, PulseSide.Both, false, (e, one) => e.Update(one, trains, new Rng(key)));
        }, iter: 10, threads: 1);

    [Theory]
    [MemberData(nameof(AllPairs))]
    public void ValuesStayWithinTheirBounds(string engine, string device) =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 40], Gen.Enum<PulseSide>(), Gen.Bool, Gen.ULong).Sample((outputs, inputs, side, inverted, key) =>
        {
            using var scope = NewDisposeScope();
            var target = Bench.Target(Bench.Device(device), new Rng(key), outputs, inputs, side, inverted, counting: true);
            for (var step = 0; step < 3; step++)
                Bench.Device(device).Accept(Bench.Engine(engine).Update(target, Bench.Trains(new Rng(key).Split(step), 3, inputs, outputs, 0.6), new Rng(key).Split(step)));
            Bench.Device(device).Accept(Bench.Engine(engine).Pulse(target, Noise.Normal(new Rng(key), [outputs, inputs]).mul_(300).to(ScalarType.Int32), new Rng(key)));
            var planes = target.Planes;
            // An element that never received a pulse keeps its start value, which RESET may have left below Min.
            var inside = (planes.Value >= planes.Min).logical_and(planes.Value <= planes.Max).logical_or((target.UpCounts! + target.DownCounts!) == 0);
            Assert.True(inside.all().item<bool>());
            Assert.True(target.Weights.isfinite().all().item<bool>());
        }, iter: 5, threads: 1);

    [Theory]
    [MemberData(nameof(AllPairs))]
    public void SameSeedSameBits(string engine, string device)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Run(3), Run(3));
        Assert.NotEqual(Run(3), Run(4));

        float[] Run(long seed)
        {
            var rng = Rng.FromSeed(seed);
            var target = Bench.Target(Bench.Device(device), rng, 5, 21);
            Bench.Device(device).Accept(Bench.Engine(engine).Update(target, Bench.Trains(rng, 7, 21, 5, 0.3), rng.Split("noise")));
            return [.. Bench.Floats(target.Planes.Value), .. Bench.Floats(target.Weights)];
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void NoiseHasTheDistributionOfTheScalarEngine(string engine, string device) =>
        Stat.Distribution(AfterPulses(engine, device)).IsThatOf(AfterPulses("scalar", device), detect: 0.03);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void NoiseOfCountedPulsesHasTheDistributionOfTheScalarEngine(string engine, string device) =>
        Stat.Distribution(AfterPulses(engine, device, counted: true)).IsThatOf(AfterPulses("scalar", device, counted: true), detect: 0.03);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void NoiseOfSoughtValuesHasTheDistributionOfTheScalarEngine(string engine, string device) =>
        Stat.Distribution(AfterSeek(engine, device)).IsThatOf(AfterSeek("scalar", device), detect: 0.03);

    public static TheoryData<string> AllEngines => new(Engines.All.Select(engine => engine.Name));

    [Theory]
    [MemberData(nameof(AllEngines))]
    public void OneNoisyPulseHasTheStatedMeanAndVariance(string engine)
    {
        var device = new ConstantStep { DwMin = 1e-3, CycleNoise = 0.3, DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0, MinVariation = 0 };
        Stat.Mean(OnePulse(engine, device)).Is(1e-3, std: 3e-4, detect: 5e-6);
        Stat.Variance(OnePulse(engine, device)).Is(9e-8, detect: 0.03);
    }

    [Theory]
    [MemberData(nameof(AllEngines))]
    public void WriteNoiseShowsInWeightsAndNotInValues(string engine)
    {
        var device = new ConstantStep { DwMin = 1e-3, CycleNoise = 0, DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0, MinVariation = 0 };
        Stat.Variance(Written).Is(0.04 * 0.04, detect: 0.05);

        float[] Written(int count, Rng rng)
        {
            using var scope = NewDisposeScope();
            var planes = device.Manufacture(rng, [(count + 99) / 100, 100]);
            var target = new PulseTarget { Planes = planes, Weights = zeros_like(planes.Value), WriteNoise = 0.04f };
            device.Accept(Bench.Engine(engine).Pulse(target, ones_like(planes.Value, ScalarType.Int32), rng.Split("noise")));
            Assert.All(Bench.Floats(planes.Value), value => Assert.Equal(1e-3f, value));
            return Bench.Floats(target.Weights);
        }
    }

    [Theory]
    [MemberData(nameof(AllEngines))]
    public void AWeightThatIsNotPulsedKeepsItsWriteNoise(string engine)
    {
        using var scope = NewDisposeScope();
        var device = new ConstantStep();
        var planes = device.Manufacture(new Rng(1), [1, 20]);
        var target = new PulseTarget { Planes = planes, Weights = full([1, 20], 7f), WriteNoise = 0.04f };
        device.Accept(Bench.Engine(engine).Pulse(target, arange(20, ScalarType.Int32).view(1, 20) % 2, new Rng(2)));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => i % 2 == 0), Bench.Floats(target.Weights).Select(weight => weight == 7));
    }

    private static TheoryData<string, string> EveryDeviceOn(IEnumerable<string> engines)
    {
        var pairs = new TheoryData<string, string>();
        foreach (var engine in engines)
            foreach (var device in Bench.Devices)
                pairs.Add(engine, device);
        return pairs;
    }

    private static Gen<int> OneOf(params int[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    /// <summary>Goals some steps above and below the values of an array, or none, and half a step.</summary>
    private static (Tensor Goals, float Tolerance) Goals(string device, Rng rng, long outputs, long inputs)
    {
        var planes = Bench.Target(Bench.Device(device), rng, outputs, inputs).Planes;
        var goals = planes.Value + 4 * Noise.Normal(rng.Split("goals"), [outputs, inputs]) * planes.Up;
        var isWanted = Noise.Uniform(rng.Split("wanted"), [outputs, inputs]) < 0.8;
        return (where(isWanted, goals, float.NegativeInfinity), ((Tensor)planes.Up).mean().item<float>() / 2);
    }

    private static void AssertAgree(
        string engine, string name, Rng rng, long outputs, long inputs, PulseSide side, bool inverted, Func<IPulseEngine, PulseTarget, IPulseStepVisitor> work)
    {
        var device = Bench.Device(name);
        var (expected, actual) = (Bench.Target(device, rng, outputs, inputs, side, inverted), Bench.Target(device, rng, outputs, inputs, side, inverted));
        device.Accept(new Quiet(work(Bench.Engine("scalar"), expected)));
        device.Accept(new Quiet(work(Bench.Engine(engine), actual)));
        Bench.AssertClose(expected.Planes.Value, actual.Planes.Value, Ulps, "value");
        Bench.AssertClose(expected.Weights, actual.Weights, Ulps, "weight");
        if (expected.Planes.Memory is not null)
            Bench.AssertClose(expected.Planes.Memory, actual.Planes.Memory!, Ulps, "memory");
        Assert.Equal(expected.Pulses, actual.Pulses);
    }

    /// <summary>Values, in steps, after three upward pulses and a downward one, in an array of many rows.</summary>
    private static Sampler AfterPulses(string engine, string name, bool counted = false) => (count, rng) =>
    {
        using var scope = NewDisposeScope();
        var device = Bench.Device(name);
        const int inputs = 48;
        var outputs = (count + inputs - 1) / inputs;
        var target = Bench.Target(device, rng, outputs, inputs);
        if (counted)
        {
            device.Accept(Bench.Engine(engine).Pulse(target, full([outputs, inputs], 3, ScalarType.Int32), rng.Split("up")));
            device.Accept(Bench.Engine(engine).Pulse(target, full([outputs, inputs], -1, ScalarType.Int32), rng.Split("down")));
        }
        else
        {
            var words = full([2, (outputs + 47) / 16 * 16], 0b101, ScalarType.Int32);
            words[1] = tensor(0b1 | int.MinValue);
            var lines = full([2, inputs], 0b11101, ScalarType.Int32);
            device.Accept(Bench.Engine(engine).Update(target, Bench.Pair(lines, words, 2), rng.Split("noise")));
        }
        return Bench.Floats(target.Planes.Value.div((float)device.NominalStep));
    };

    /// <summary>Values, in steps, after programming to two and a half steps above the start.</summary>
    private static Sampler AfterSeek(string engine, string name) => (count, rng) =>
    {
        using var scope = NewDisposeScope();
        var device = Bench.Device(name);
        const int inputs = 48;
        var target = Bench.Target(device, rng, (count + inputs - 1) / inputs, inputs);
        var goals = target.Planes.Value + 2.5 * (Tensor)target.Planes.Up;
        device.Accept(Bench.Engine(engine).Seek(target, goals, ((Tensor)target.Planes.Up).mean().item<float>() / 2, 4, rng.Split("noise")));
        return Bench.Floats(target.Planes.Value.div((float)device.NominalStep));
    };

    private static Sampler OnePulse(string engine, PulsedDevice device) => (count, rng) =>
    {
        using var scope = NewDisposeScope();
        var planes = device.Manufacture(rng, [(count + 99) / 100, 100]);
        var target = new PulseTarget { Planes = planes, Weights = zeros_like(planes.Value) };
        device.Accept(Bench.Engine(engine).Pulse(target, ones_like(planes.Value, ScalarType.Int32), rng.Split("noise")));
        return Bench.Floats(planes.Value);
    };
}
