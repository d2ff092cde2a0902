using System.Numerics;
using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Verification;

/// <summary>The checks of <see cref="SelfTest"/>.</summary>
/// <param name="device">The torch device.</param>
/// <param name="rng">The stream of everything that is drawn.</param>
internal sealed class SelfTestBench(Device device, Rng rng)
{
    private const int Many = 40_000; // a mean that is off by 0.04 deviations, or a deviation by 3 %, is seen all but surely
    private const double Single = 1e-6; // relative rounding of single precision, with some room

    /// <summary>Torch's own products against plain loops in double precision.</summary>
    public IEnumerable<SelfCheck> Torch()
    {
        var (x, w) = (Noise.Normal(rng.Split("x"), [7, 60], device), Noise.Normal(rng.Split("w"), [9, 60], device));
        var (a, b, y) = (Numbers(x), Numbers(w), Numbers(x.matmul(w.t())));
        yield return SelfCheck.Largest("torch", "matrix product against loops in double precision",
            y.Select((value, i) => value - Enumerable.Range(0, 60).Sum(k => a[i / 9 * 60 + k] * b[i % 9 * 60 + k])), 1e-4);
        yield return new("torch", "convolutions found wrong, for which others took their place", TorchSelfCheck.Run() is null ? 0 : 1, 0, 1);
    }

    /// <summary>Uniform and normal numbers: first four moments.</summary>
    public IEnumerable<SelfCheck> RandomNumbers()
    {
        var uniform = Numbers(Noise.Uniform(rng.Split("uniform"), [10 * Many], device));
        var normal = Numbers(Noise.Normal(rng.Split("normal"), [10 * Many], device));
        return
        [
            .. SelfCheck.Moments("random numbers", "uniform", uniform, new(0.5, Math.Sqrt(1 / 12.0)), Single),
            .. SelfCheck.Moments("random numbers", "square of uniform", [.. uniform.Select(u => u * u)], new(1 / 3.0, Math.Sqrt(4 / 45.0)), Single),
            .. SelfCheck.Moments("random numbers", "normal", normal, new(0, 1), Single),
            .. SelfCheck.Moments("random numbers", "square of normal", [.. normal.Select(n => n * n)], new(1, Math.Sqrt(2)), Single),
            .. SelfCheck.Moments("random numbers", "product of neighbours", [.. normal.Chunk(2).Select(pair => pair[0] * pair[1])], new(0, 1), Single),
        ];
    }

    /// <summary>One pulse of a device in either direction, from anywhere between its bounds.</summary>
    public IEnumerable<SelfCheck> Steps(PulsedDevice pulsed)
    {
        foreach (var isUpward in new[] { true, false })
        {
            using var scope = NewDisposeScope();
            long[] shape = [Many / 100, 100];
            var stream = rng.Split(pulsed.GetType().Name).Split(isUpward ? 1 : 0);
            var planes = pulsed.Manufacture(stream, shape, device);
            var (min, max) = (((Tensor)planes.Min).expand(shape), ((Tensor)planes.Max).expand(shape));
            planes.Value.copy_(min + Noise.Uniform(stream.Split("values"), shape, device) * (max - min));
            planes.Memory?.copy_(Noise.Uniform(stream.Split("memories"), shape, device));
            double[][] of = [.. new Tensor[] { planes.Value, planes.Memory ?? zeros_like(planes.Value), planes.Up, planes.Down, min, max, planes.Offset }.Select(plane => Numbers(plane.expand(shape)))];
            var target = new PulseTarget { Planes = planes, Weights = zeros(shape, device: device) };
            pulsed.Accept(Engines.For(device).Pulse(target, full(shape, isUpward ? 1 : -1, ScalarType.Int32, device), stream.Split("noise")));
            var after = Numbers(planes.Value);
            var (drawn, exact, steps) = (new List<double>(), new List<double>(), 0.0);
            for (var i = 0; i < after.Length; i++)
            {
                var state = new ElementState(of[0][i], of[1][i], of[2][i], of[3][i], of[4][i], of[5][i], of[6][i]);
                var (mean, deviation) = pulsed.StepMoments(state, isUpward);
                if (state.Value + mean - 6 * deviation < state.Min || state.Value + mean + 6 * deviation > state.Max)
                    continue; // where a bound cuts
                if (deviation > 1e-4 * Math.Abs(state.Value))
                    drawn.Add((after[i] - state.Value - mean) / deviation);
                else if (deviation == 0)
                {
                    exact.Add(after[i] - state.Value - mean);
                    steps += Math.Abs(mean);
                }
            }
            var what = $"{pulsed.GetType().Name}, a pulse {(isUpward ? "up" : "down")}";
            if (drawn.Count > 1000)
                foreach (var check in SelfCheck.Moments("devices", $"{what}, in deviations of one", drawn, new(0, 1), 1e-3))
                    yield return check;
            else
            {
                var step = steps == 0 ? 1 : steps / exact.Count; // 0 of a device that takes no pulses of this direction, and then stays where it is
                yield return SelfCheck.Largest("devices", $"{what}, in mean steps", exact.Select(error => error / step), steps == 0 ? 0 : Single * of[5].Max(Math.Abs) / step);
            }
        }
    }

    /// <summary>Conductances of a memory right after they are programmed, and later.</summary>
    public IEnumerable<SelfCheck> Memory(MemoryStatistics memory)
    {
        foreach (var share in new[] { 0.1, 0.5, 1 })
        {
            using var scope = NewDisposeScope();
            var target = (float)(memory.Range.Min + share * (memory.Range.Max - memory.Range.Min));
            var targets = full(Many, target, device: device);
            var stream = rng.Split(memory.GetType().Name).Split((long)(100 * share));
            var programmed = memory.Program(targets, stream.Split("program"));
            var fate = memory.DrawFate(targets, stream.Split("fate"));
            foreach (var (time, when) in new[] { (0, "at once"), (Units.Day, "after a day"), (Units.Year, "after a year") })
            {
                var expected = memory.ConductanceMoments(target, time);
                var aged = memory.Age(programmed, fate, time);
                var samples = Numbers(aged).Select(value => value / target).ToArray();
                foreach (var check in SelfCheck.Moments("memories", $"{memory.GetType().Name}, {share:P0} of the range, {when}", samples, new(expected.Mean / target, expected.Deviation / target), 1e-3 * expected.Deviation / target + 4 * Single))
                    yield return check;
                if (memory.ReadNoise(target, time) is not 0 and var noise)
                {
                    var squares = Numbers(memory.ReadDeviation(programmed, aged, time)).Select(deviation => deviation * deviation / (noise * noise)).ToArray();
                    var spread = Math.Sqrt(squares.Average(square => square * square) - Math.Pow(squares.Average(), 2));
                    yield return new("memories", $"{memory.GetType().Name}, {share:P0} of the range, read {when}: squared noise over the declared one", squares.Average(), 1, SelfCheck.Alarm * spread / Math.Sqrt(Many) + 2e-3);
                }
            }
        }
    }

    /// <summary>Outputs that only noise is added to.</summary>
    public IEnumerable<SelfCheck> Outputs(ReadNoise noise)
    {
        var (x, w) = (Noise.Normal(rng.Split("x"), [1, 6], device), Noise.Normal(rng.Split("w"), [1, 6], device));
        var y = zeros(Many, 1, device: device);
        noise.Add(y, x.expand(Many, 6).contiguous(), w, rng.Split(noise.GetType().Name));
        return SelfCheck.Moments("read noise", noise.GetType().Name, Numbers(y), new(0, noise.OutputDeviation(Numbers(x), Numbers(w))), Single);
    }

    /// <summary>What a converter makes of a ramp.</summary>
    public IEnumerable<SelfCheck> Curve(Converter converter)
    {
        const int points = 25, draws = 400;
        var reach = Math.Min(Math.Abs(converter.Transfer(1e9).Mean), 1);
        var ramp = linspace(-1.3 * reach, 1.3 * reach, points, device: device);
        var columns = Numbers(converter.Convert(ramp.expand(draws, points).clone(), rng.Split(converter.GetType().Name)).t()).Chunk(draws).ToArray();
        var deviations = Numbers(ramp).Select((value, i) =>
        {
            var expected = converter.Transfer(value);
            var step = Math.Abs(converter.Transfer(value * (1 + Single)).Mean - converter.Transfer(value * (1 - Single)).Mean); // at the middle of two levels
            return Math.Max(Math.Abs(columns[i].Average() - expected.Mean) - step - 6 * expected.Deviation / Math.Sqrt(draws), 0) / reach;
        });
        yield return SelfCheck.Largest("converters", $"{converter.GetType().Name}, a ramp", deviations, 2 * Single);
    }

    /// <summary>Halves, which a rounding takes one way or both.</summary>
    public IEnumerable<SelfCheck> Halves(Rounding rounding)
    {
        foreach (var half in new[] { -1.5, -0.5, 0.5, 1.5, 2.5 })
            foreach (var check in SelfCheck.Moments("converters", $"{rounding.GetType().Name} of {half}", Numbers(rounding.Round(full(Many, (float)half, device: device), rng.Split(rounding.GetType().Name).Split((long)(2 * half)))), rounding.Rounded(half), Single))
                yield return check;
    }

    /// <summary>What resistive lines take away.</summary>
    public IEnumerable<SelfCheck> Lines(IrDrop drop)
    {
        foreach (var size in new[] { 1, 1e2, 1e4, 1e5 }) // lines that hardly notice, and such that give nearly nothing
        {
            var (x, w) = (Noise.Uniform(rng.Split("x"), [4, 30], device) * (float)size, Noise.Uniform(rng.Split("w"), [3, 30], device));
            var y = zeros(4, 3, device: device);
            drop.Subtract(y, x, w);
            var (inputs, weights) = (Numbers(x).Chunk(30).ToArray(), Numbers(w).Chunk(30).ToArray());
            yield return SelfCheck.Largest("lines", $"{drop.GetType().Name}, inputs of {size:G1}, in full outputs",
                Numbers(y).Select((value, i) => (value + drop.Loss(inputs[i / 3], weights[i % 3])) / inputs[i / 3].Zip(weights[i % 3], (a, b) => a * b).Sum()), 1e-5);
        }
    }

    /// <summary>Coincidences of trains, at few pulses and at many.</summary>
    public IEnumerable<SelfCheck> Coincidences(PulseScheme scheme)
    {
        float[] x = [0.8f, -0.35f, 0.1f], delta = [-0.6f, 0.25f];
        foreach (var rate in new[] { 0.003, 0.05 })
        {
            using var scope = NewDisposeScope();
            using var trains = new PulseTrains(x.Length, delta.Length);
            scheme.Draw(Rows(x), Rows(delta), rate, 0.001, rng.Split(scheme.GetType().Name).Split((long)(1000 * rate)), trains);
            var sample = new TrainSample(1, delta.Max(Math.Abs), rate, 0.001);
            for (var i = 0; i < x.Length; i++)
            {
                for (var o = 0; o < delta.Length; o++)
                {
                    var counts = Words(trains.Inputs, i).Zip(Words(trains.Outputs, o), (a, b) => (double)BitOperations.PopCount((uint)(a & b & TrainPair.Slots)) * (a < 0 != b < 0 ? -1 : 1)).ToArray();
                    foreach (var check in SelfCheck.Moments("trains", $"{scheme.GetType().Name}, {x[i]} and {delta[o]} at rate {rate}", counts, scheme.Coincidences(x[i], delta[o], sample), 1e-5))
                        yield return check;
                }
            }
        }

        Tensor Rows(float[] values) => tensor(values, device: device).expand(Many, values.Length).contiguous();

        static int[] Words(Tensor words, int line) => words.narrow(0, 0, Many).select(1, line).contiguous().cpu().data<int>().ToArray();
    }

    /// <summary>Every engine of this processor against plain loops: the same pulses without chance, whatever the width of registers.</summary>
    public IEnumerable<SelfCheck> EnginesAgree(PulsedDevice pulsed)
    {
        Tensor? expected = null;
        foreach (var engine in Engines.All.Where(engine => engine.Supports(device)).Reverse()) // plain loops are the last
        {
            long[] shape = [33, 47];
            var stream = rng.Split("engines").Split(pulsed.GetType().Name);
            var target = new PulseTarget { Planes = pulsed.Manufacture(stream, shape, device), Weights = zeros(shape, device: device) };
            var counts = ((Noise.Uniform(stream.Split("counts"), shape, device) - 0.5f) * 60).to(ScalarType.Int32);
            pulsed.Accept(new MedianSteps(engine.Pulse(target, counts, stream)));
            if (expected is null)
                expected = target.Planes.Value;
            else
                yield return SelfCheck.Largest("engines", $"{engine.Name}, {pulsed.GetType().Name}", Numbers((target.Planes.Value - expected) / (float)pulsed.NominalStep), 3e-3);
        }
    }

    /// <summary>The same bits for one thread and for several.</summary>
    public IEnumerable<SelfCheck> Threads()
    {
        var before = get_num_threads();
        try
        {
            var one = Update(1);
            var several = Update(Math.Max(Environment.ProcessorCount, 2));
            yield return SelfCheck.Largest("threads", "weights after updates and a transfer, one thread against several", one.Zip(several, (a, b) => a == b ? 0.0 : 1), 0);
        }
        finally
        {
            set_num_threads(before);
        }

        double[] Update(int threads)
        {
            set_num_threads(threads);
            using var scope = NewDisposeScope();
            using var trains = new PulseTrains(200, 150);
            using var array = new MspLspCell { TransferEvery = 30 }.Build(rng.Split("cells"), zeros(150, 200, device: device));
            array.Write(Noise.Normal(rng.Split("weights"), [150, 200], device) * 0.05f);
            var (x, delta) = (Noise.Normal(rng.Split("x"), [40, 200], device), Noise.Normal(rng.Split("delta"), [40, 150], device));
            new StochasticTrains().Apply(x, delta, 0.01, rng.Split("trains"), trains, array, null);
            return Numbers(array.Weights);
        }
    }

    private static double[] Numbers(Tensor values) => Array.ConvertAll(values.contiguous().cpu().to(ScalarType.Float32).data<float>().ToArray(), value => (double)value);

    /// <summary>Hands an engine a device whose every draw is the median one, so that nothing is left to chance.</summary>
    private sealed class MedianSteps(IPulseStepVisitor engine) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep> =>
            engine.Visit(new Median<TStep>(step, draw == PulseDraw.Uniform ? 0.5f : 0), PulseDraw.None);

        private readonly struct Median<TStep>(TStep step, float median) : IPulseStep<Median<TStep>> where TStep : struct, IPulseStep<TStep>
        {
            private readonly TStep step = step;

            public static bool HasMemory => TStep.HasMemory;

            public static T Remember<T>(in Median<TStep> self, T memory) where T : struct, ILane<T> => TStep.Remember(self.step, memory);

            public static T Read<T>(in Median<TStep> self, T value, in Cell<T> cell) where T : struct, ILane<T> => TStep.Read(self.step, value, cell);

            public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => step.Up(value, memory, cell, median);

            public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => step.Down(value, memory, cell, median);
        }
    }
}
