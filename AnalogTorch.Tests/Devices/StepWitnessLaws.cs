using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Core;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Devices;

/// <summary>What engines run moves every element as its device declares in plain numbers, for parameters over their legal range.</summary>
public class StepWitnessLaws
{
    private const int Sets = 12, Elements = 6;

    public static TheoryData<string> Devices => new(Bench.Devices);

    /// <summary>The formula itself, integrated over what it draws: no chance is left, so every set of parameters is held to rounding.</summary>
    [Theory]
    [MemberData(nameof(Devices))]
    public void TheFormulaHasTheDeclaredMoments(string name)
    {
        using var scope = NewDisposeScope();
        var rng = Rng.FromSeed(Stat.Seed);
        var compared = 0;
        foreach (var (device, set) in RandomConfig.Legal<PulsedDevice>(Bench.Device(name).GetType(), rng).Select((device, set) => (device, set))
            .Take(4 * Sets))
        {
            var states = States(device, rng.Split("elements").Split(set)).ToArray();
            var scales = states.Select(state => Math.Max(Scale(device, state, true), Scale(device, state, false))).ToArray();
            if (!scales.All(scale => scale is > 1e-20 and < 1e20)) // beyond what floats can be asked for
                continue;
            double[] ofElements = [.. scales.Chunk(states.Length / Elements).SelectMany(ofElement => ofElement.Select(_ => ofElement.Max()))];
            device.Accept(new Formula(device, states, ofElements));
            if (device.UnderPulses(0.37) is { } small)
                small.Accept(new Formula(small, states, ofElements));
            if (++compared == Sets)
                return;
        }
        Assert.Fail($"Only {compared} of {Sets} sets of parameters of {name} could be compared.");
    }

    /// <summary>
    /// One pulse of an engine, in standard deviations from the declared mean: 0 ± 1, a deviation of 0.05 or of 7 % of the variance is seen.
    /// </summary>
    [Theory]
    [MemberData(nameof(Devices))]
    public void PulsesScatterAsDeclared(string name)
    {
        var rng = Rng.FromSeed(Stat.Seed);
        var compared = 0;
        foreach (var device in RandomConfig.Legal<PulsedDevice>(Bench.Device(name).GetType(), rng).Take(8))
        {
            foreach (var isUpward in new[] { true, false })
            {
                if (Deviations(device, isUpward, 2000, rng).Length < 400 || compared >= 4)
                    continue;
                Sampler deviations = (count, stream) => Deviations(device, isUpward, 5 * count, stream);
                Stat.Mean(deviations).Is(0, std: 1, detect: 0.05);
                Stat.Variance(deviations).Is(1, detect: 0.07);
                compared++;
            }
        }
        Assert.True(compared >= 1, $"No set of parameters of {name} could be compared.");
    }

    public static TheoryData<string> BoundedDevices => new(Catalog.Variants<BoundedDevice>().Select(type => type.Name));

    /// <summary>What update rules count a pulse as is the mean of both directions at the start value.</summary>
    [Theory]
    [MemberData(nameof(BoundedDevices))]
    public void TheNominalStepIsThatOfAnElementLikeTheMean(string name)
    {
        foreach (var device in RandomConfig.Legal<BoundedDevice>(Bench.Device(name).GetType(), Rng.FromSeed(Stat.Seed)).Take(20)
            .Where(device => device.Min < 0))
        {
            var mean = new ElementState(0, 0, device.DwMin * (1 + device.UpDownBias), device.DwMin * (1 - device.UpDownBias), device.Min,
                device.Max, 0);
            var both = device with { UpDownBias = 0 };
            var expected = name == nameof(ExpStep)
                ? (device.StepMoments(mean, true).Mean - device.StepMoments(mean, false).Mean) / 2
                : (both.StepMoments(mean with { Up = device.DwMin }, true).Mean - both.StepMoments(mean with { Down = device.DwMin }, false).Mean)
                    / 2;
            Assert.Equal(expected, device.NominalStep, 1e-9 * Math.Abs(expected) + 1e-12 * device.DwMin);
        }
    }

    /// <summary>Elements of a wafer over their whole range: at both bounds, near them, and between.</summary>
    private static IEnumerable<ElementState> States(PulsedDevice device, Rng rng)
    {
        var planes = device.Manufacture(rng, [1, Elements]);
        var (up, down, min, max, offset) = (Row(planes.Up), Row(planes.Down), Row(planes.Min), Row(planes.Max), Row(planes.Offset));
        for (var i = 0; i < Elements; i++)
        {
            var random = Bench.Floats(Noise.Uniform(rng.Split("values").Split(i), [10]));
            foreach (var (share, memory) in new[] { 0, 1e-3f, 0.999f, 1 }.Concat(random[..5]).Zip(random.Concat(random)))
            {
                var value = Math.Clamp(min[i] + share * (max[i] - min[i]), min[i], max[i]);
                yield return new(value, planes.Memory is null ? 0 : memory, up[i], down[i], min[i], max[i], offset[i]);
            }
        }
    }

    private static double Scale(PulsedDevice device, ElementState state, bool isUpward)
    {
        var (mean, deviation) = device.StepMoments(state, isUpward);
        return Math.Abs(mean) + deviation;
    }

    private static float[] Row(Tensor plane) => Bench.Floats(plane.expand(1, Elements).contiguous());

    /// <summary>
    /// Steps of single pulses by an engine, of elements that cannot reach a bound, in declared standard deviations from the declared mean.
    /// </summary>
    private static float[] Deviations(PulsedDevice device, bool isUpward, int count, Rng rng)
    {
        using var scope = NewDisposeScope();
        long[] shape = [(count + 99) / 100, 100];
        var planes = device.Manufacture(rng, shape);
        var (up, down, min, max, offset) = (All(planes.Up), All(planes.Down), All(planes.Min), All(planes.Max), All(planes.Offset));
        planes.Value.copy_(min + Noise.Uniform(rng.Split("values"), shape) * (max - min));
        planes.Memory?.copy_(Noise.Uniform(rng.Split("memories"), shape));
        float[][] before = [.. new[] { planes.Value, planes.Memory ?? zeros(shape), up, down, min, max, offset }
            .Select(plane => Bench.Floats(plane.contiguous()))];
        var target = new PulseTarget { Planes = planes, Weights = zeros(shape) };
        device.Accept(Bench.Engine("fused").Pulse(target, full(shape, isUpward ? 1 : -1, ScalarType.Int32), rng.Split("noise")));
        var deviations = new List<float>();
        foreach (var (after, i) in Bench.Floats(planes.Value).Select((value, i) => (value, i)))
        {
            var state = new ElementState(before[0][i], before[1][i], before[2][i], before[3][i], before[4][i], before[5][i], before[6][i]);
            var (mean, deviation) = device.StepMoments(state, isUpward);
            // 1e-3 of the elements would be clipped at 4 σ without a trace in either moment; the rounding of a value is to be far below σ.
            if (state.Value + mean - 4 * deviation >= state.Min && state.Value + mean + 4 * deviation <= state.Max
                && deviation > 1e-4 * Math.Abs(state.Value))
                deviations.Add((float)((after - state.Value - mean) / deviation));
        }
        return [.. deviations];

        Tensor All(Tensor plane) => plane.expand(shape);
    }

    /// <summary>Compares the step on single floats, integrated over its draws, with the declared moments.</summary>
    private sealed class Formula(PulsedDevice device, ElementState[] states, double[] scales) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            foreach (var (state, scale) in states.Zip(scales))
            {
                var cell = new Cell<FloatLane>((float)state.Up, (float)state.Down, (float)state.Min, (float)state.Max, (float)state.Offset);
                var memory = TStep.Remember<FloatLane>(step, (float)state.Memory);
                Same(device.ValueSeen(state), TStep.Read<FloatLane>(step, (float)state.Value, cell).Value,
                    1e-5 * Math.Abs(device.ValueSeen(state)) + Shake(s => device.ValueSeen(s), state), "value seen", state);
                foreach (var isUpward in new[] { true, false })
                {
                    var expected = device.StepMoments(state, isUpward);
                    var actual = Integrate(draw, number => (isUpward
                        ? step.Up<FloatLane>((float)state.Value, memory, cell, (float)number)
                        : step.Down<FloatLane>((float)state.Value, memory, cell, (float)number)).Value);
                    Same(expected.Mean, actual.Mean, 2e-5 * scale + Shake(s => device.StepMoments(s, isUpward).Mean, state),
                        isUpward ? "mean up" : "mean down", state);
                    Same(expected.Deviation, actual.Deviation, 2e-4 * scale + Shake(s => device.StepMoments(s, isUpward).Deviation, state),
                        "deviation", state);
                }
            }
        }

        /// <summary>What a few roundings of the inputs to floats may change.</summary>
        private static double Shake(Func<ElementState, double> value, ElementState s)
        {
            const double Nudge = 1 + 1e-6;
            return new[] { s with { Value = s.Value * Nudge }, s with { Min = s.Min * Nudge }, s with { Max = s.Max * Nudge },
                s with { Offset = s.Offset * Nudge } }
                .Select(shaken => Math.Abs(value(shaken) - value(s))).Where(double.IsFinite).Sum(); // none outside the bounds
        }

        private static Moments Integrate(PulseDraw draw, Func<double, double> step)
        {
            if (draw == PulseDraw.None)
                return new(step(0));
            if (draw == PulseDraw.Normal)
                return Moments.OfNormal(step);
            // Two points of Gauss in each of 2,100 parts: exact for tables of 1, 3 and 100 pieces.
            double sum = 0, squares = 0;
            for (var part = 0; part < 2100; part++)
            {
                foreach (var point in new[] { 0.5 - 0.5 / Math.Sqrt(3), 0.5 + 0.5 / Math.Sqrt(3) })
                {
                    var value = step((part + point) / 2100);
                    sum += value;
                    squares += value * value;
                }
            }
            return new(sum / 4200, Math.Sqrt(Math.Max(squares / 4200 - sum * sum / 4200 / 4200, 0)));
        }

        private void Same(double expected, double actual, double tolerance, string what, ElementState state) =>
            Assert.True(Math.Abs(expected - actual) <= tolerance,
                $"The {what} must be {expected:G6} ± {tolerance:G2}, but is {actual:G6}, of {device} at {state}.");
    }
}
