using System.Numerics;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Core;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Updates;

/// <summary>Trains of every scheme coincide as often, with the sign and the scatter, as it declares in plain numbers.</summary>
public class TrainWitnessLaws
{
    // A mean that is off by 0.06 σ, and a variance by 10 %, pass with probability 1e-3; of 12 pairs of lines and 6 sets of parameters, less.
    private const int Samples = 20_000, Sets = 6;
    private static readonly float[] X = [0.8f, -0.35f, 0.1f, 0], Delta = [-0.6f, 0.25f, 0.04f];

    public static TheoryData<string> Schemes => new(Catalog.Variants<PulseScheme>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Schemes))]
    public void CoincidencesHaveTheDeclaredMoments(string name)
    {
        using var scope = NewDisposeScope();
        var rng = Rng.FromSeed(Stat.Seed).Split(name);
        var (x, delta) = (tensor(X).expand(Samples, X.Length).contiguous(), tensor(Delta).expand(Samples, Delta.Length).contiguous());
        foreach (var (scheme, set) in RandomConfig.Legal<PulseScheme>(Catalog.Variants<PulseScheme>().Single(type => type.Name == name), rng)
            .Take(Sets).Select((scheme, set) => (scheme, set)))
        {
            // From few pulses to lines that have one in every slot.
            var rate = 0.003 * Math.Pow(4, set);
            foreach (var hasBias in new[] { true, false })
            {
                using var trains = new PulseTrains(X.Length, Delta.Length) { HasBias = hasBias };
                scheme.Draw(x, delta, rate, 0.001, rng.Split(set), trains);
                var sample = new TrainSample(hasBias ? 1 : X.Max(Math.Abs), Delta.Max(Math.Abs), rate, 0.001);
                Compare(scheme, trains.Inputs, trains.Outputs, X, sample);
                if (hasBias)
                    Compare(scheme, trains.Bias, trains.Outputs, [1f], sample);
                if (scheme is not StochasticTrains random)
                    continue;
                // The same on another torch device than host memory.
                random.DrawOnDevice(x, delta, (float)Math.Sqrt(rate / (random.BitLength * 0.001)), rng.Split(set), trains);
                Compare(scheme, trains.Inputs, trains.Outputs, X, sample);
            }
        }
    }

    public static TheoryData<string> Gains => new(Catalog.Variants<TrainGain>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Gains))]
    public void SharesOfProbabilityAreTheDeclaredOnes(string name)
    {
        using var scope = NewDisposeScope();
        var gain = Catalog.Defaults<TrainGain>().Single(gain => gain.GetType().Name == name);
        foreach (var (input, error) in new[] { (1f, 1f), (0.2f, 3f), (7f, 1e-4f), (0f, 2f), (2f, 0f), (0f, 0f) })
        {
            var expected = gain.Share(input, error);
            Assert.Equal(expected, gain.InputShare(input, error), 1e-6 * expected);
            Assert.Equal(expected, gain.InputShare(tensor(input), tensor(error)).item<float>(), 1e-6 * expected);
        }
    }

    private static void Compare(PulseScheme scheme, Tensor inputs, Tensor outputs, float[] x, TrainSample sample)
    {
        for (var i = 0; i < x.Length; i++)
        {
            for (var o = 0; o < Delta.Length; o++)
            {
                var (input, output) = (Words(inputs, i), Words(outputs, o));
                var coincidences = input.Zip(output, (a, b) =>
                    (double)(BitOperations.PopCount((uint)(a & b & TrainPair.Slots)) * (a < 0 != b < 0 ? -1 : 1))).ToArray();
                Stat.Moments(coincidences, scheme.Coincidences(x[i], Delta[o], sample), 1e-5,
                    $"coincidences of {x[i]} and {Delta[o]} by {scheme} at {sample}");
            }
        }

        static int[] Words(Tensor words, int line) => words.narrow(0, 0, Samples).select(1, line).contiguous().data<int>().ToArray();
    }
}
