using System.Numerics;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>Arrays, trains and devices for tests of the engines, and for laws.</summary>
public static class Bench
{
    public static IEnumerable<string> Devices => Catalog.Variants<PulsedDevice>().Select(type => type.Name);

    public static IEnumerable<string> FastEngines => Engines.All.Select(engine => engine.Name).Where(name => name != "scalar");

    public static PulsedDevice Device(string name) => Catalog.Defaults<PulsedDevice>().Single(device => device.GetType().Name == name);

    /// <summary>An engine by its name; "fused" is that of the widest registers.</summary>
    public static IPulseEngine Engine(string name) => Engines.All.First(engine => engine.Name == name || (name == "fused" && engine.Name.StartsWith("fused", StringComparison.Ordinal)));

    /// <summary>A fresh array whose weights show its values.</summary>
    public static PulseTarget Target(PulsedDevice device, Rng rng, long outputs, long inputs, PulseSide side = PulseSide.Both, bool inverted = false, bool counting = false)
    {
        var planes = device.Manufacture(rng, [outputs, inputs]);
        var target = new PulseTarget
        {
            Planes = planes,
            Weights = zeros(outputs, inputs),
            Other = Noise.Normal(rng.Split("other"), [outputs, inputs]).mul_((float)device.NominalStep),
            Gain = 0.75f,
            OtherGain = -1.25f,
            Side = side,
            Inverted = inverted,
            UpCounts = counting ? zeros([outputs, inputs], ScalarType.Int32) : null,
            DownCounts = counting ? zeros([outputs, inputs], ScalarType.Int32) : null,
        };
        device.Accept(Engine("scalar").Read(target, default));
        return target;
    }

    /// <summary>Trains whose slots are filled with this probability, and whose signs are random.</summary>
    public static TrainPair Trains(Rng rng, int samples, long inputs, long outputs, double density)
    {
        return Pair(Words(rng.Split("inputs"), inputs), Words(rng.Split("outputs"), outputs), samples);

        Tensor Words(Rng stream, long lines)
        {
            var width = (int)((lines + 15) / 16 * 16);
            var words = new int[samples * width];
            for (var i = 0; i < words.Length; i++)
            {
                if (i % width >= lines)
                    continue;
                var bits = stream.Split(i);
                words[i] = bits.Key % 2 == 0 ? int.MinValue : 0;
                for (var slot = 0; slot < 31; slot++)
                    words[i] |= (bits.Split(slot).Key >> 11) * Math.Pow(2, -53) < density ? 1 << slot : 0;
            }
            return tensor(words, ScalarType.Int32).reshape(samples, width);
        }
    }

    /// <summary>Trains from their words.</summary>
    public static TrainPair Pair(Tensor inputs, Tensor outputs, int samples) => new(inputs, (int)inputs.shape[1], outputs, (int)outputs.shape[1], samples);

    /// <summary>Pulses up and down that every element must receive, counted one by one.</summary>
    public static (int[] Up, int[] Down) Coincidences(TrainPair trains, long outputs, long inputs, PulseSide side, bool inverted)
    {
        var (x, d) = (Ints(trains.Inputs), Ints(trains.Outputs));
        var (up, down) = (new int[outputs * inputs], new int[outputs * inputs]);
        for (var sample = 0; sample < trains.Samples; sample++)
            for (var output = 0; output < outputs; output++)
                for (var input = 0; input < inputs; input++)
                {
                    var (a, b) = (x[sample * trains.Inputs.shape[1] + input], d[sample * trains.Outputs.shape[1] + output]);
                    var count = BitOperations.PopCount((uint)(a & b & TrainPair.Slots));
                    var isDown = a < 0 != b < 0 != inverted;
                    if (isDown && side != PulseSide.UpOnly)
                        down[output * inputs + input] += count;
                    if (!isDown && side != PulseSide.DownOnly)
                        up[output * inputs + input] += count;
                }
        return (up, down);
    }

    /// <summary>Fails unless two arrays hold the same, up to a number of units in the last place of the array's largest number.</summary>
    public static void AssertClose(Tensor expected, Tensor actual, int ulps, string what)
    {
        var (a, b) = (expected.data<float>().ToArray(), actual.data<float>().ToArray());
        Assert.Equal(a.Length, b.Length);
        var largest = a.Length == 0 ? 0 : a.Max(MathF.Abs);
        var tolerance = ulps * (MathF.BitIncrement(largest) - largest);
        for (var i = 0; i < a.Length; i++)
            Assert.True(Math.Abs(a[i] - b[i]) <= tolerance, $"{what}[{i}] must be {a[i]:G9} within {ulps} ulp of {largest:G3}, but is {b[i]:G9}.");
    }

    public static float[] Floats(Tensor values) => values.data<float>().ToArray();

    private static int[] Ints(Tensor words) => words.NumberOfElements == 0 ? [] : words.data<int>().ToArray();
}

/// <summary>Hands an engine a device whose every draw is the median one, so that any device becomes deterministic.</summary>
public sealed class Quiet(IPulseStepVisitor engine) : IPulseStepVisitor
{
    public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep> =>
        engine.Visit(new Median<TStep>(step, draw == PulseDraw.Uniform ? 0.5f : 0), PulseDraw.None);

    private readonly struct Median<TStep>(TStep step, float median) : IPulseStep<Median<TStep>> where TStep : struct, IPulseStep<TStep>
    {
        private readonly TStep step = step;

        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => step.Up(value, memory, cell, median);

        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => step.Down(value, memory, cell, median);

        public static bool HasMemory => TStep.HasMemory;

        public static T Remember<T>(in Median<TStep> self, T memory) where T : struct, ILane<T> => TStep.Remember(self.step, memory);

        public static T Read<T>(in Median<TStep> self, T value, in Cell<T> cell) where T : struct, ILane<T> => TStep.Read(self.step, value, cell);
    }
}
