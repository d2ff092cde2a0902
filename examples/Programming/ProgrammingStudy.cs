using System.Diagnostics;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Programming;

/// <summary>What programming one array gave.</summary>
/// <param name="FailedFraction">Share of weights outside the target error.</param>
/// <param name="RmsError">Root mean square of the errors, relative to the largest weight.</param>
/// <param name="PulsesPerWeight">Programming pulses.</param>
/// <param name="Seconds">Time of the simulation on one thread.</param>
/// <param name="Phases">Root mean square of the errors after each phase.</param>
/// <param name="Wanted">Some of the weights that were asked for.</param>
/// <param name="Held">What they are.</param>
internal sealed record ProgrammingOutcomes(
    double FailedFraction, double RmsError, double PulsesPerWeight, double Seconds, IReadOnlyList<(string Name, double Error)> Phases, double[] Wanted, double[] Held);

/// <summary>Programs arrays of random weights.</summary>
/// <param name="side">Inputs and outputs of the array.</param>
/// <param name="seed">Seed of weights and devices.</param>
internal sealed class ProgrammingStudy(long side, long seed)
{
    private const long Shown = 4000;

    /// <summary>Names of the distributions of the targets; standard deviation 1/3 of the largest weight, but for the uniform one.</summary>
    public static IReadOnlyList<string> Distributions { get; } = ["gaussian", "laplace", "uniform"];

    /// <summary>Programs one array.</summary>
    /// <param name="scheme">How.</param>
    /// <param name="map">What devices a weight is made of.</param>
    /// <param name="memory">What the devices are.</param>
    /// <param name="distribution">One of <see cref="Distributions"/>.</param>
    public ProgrammingOutcomes Program(ProgrammingScheme scheme, WeightMap map, MemoryStatistics memory, string distribution)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weights = Targets(distribution);
        var threads = get_num_threads();
        set_num_threads(1);
        try
        {
            var task = new ProgrammingTask(weights, map, memory, scheme.Range(memory), new NoDefects(), Rng.FromSeed(seed).Split("array"));
            var clock = Stopwatch.StartNew();
            var result = scheme.Program(task);
            var seconds = clock.Elapsed.TotalSeconds;
            var held = map.Weights(result.Conductances, task.Span);
            var errors = held - weights;
            var count = weights.NumberOfElements;
            var shown = Math.Min(Shown, count);
            return new(
                (errors.abs() > (float)scheme.TargetError).sum().item<long>() / (double)count, Math.Sqrt(errors.square().mean().item<float>()), (double)result.Pulses / count, seconds,
                result.Phases, Numbers(weights, shown), Numbers(held, shown));
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private Tensor Targets(string distribution)
    {
        var rng = Rng.FromSeed(seed).Split("targets");
        var centered = Noise.Uniform(rng, [side, side]) - 0.5f;
        var targets = distribution switch
        {
            "gaussian" => Noise.Normal(rng, [side, side]) / 3,
            "laplace" => centered.sign() * log1p(-2 * centered.abs()) * (float)(-1 / (3 * Math.Sqrt(2))),
            _ => centered * 2,
        };
        return targets.clamp(-1f, 1f);
    }

    private static double[] Numbers(Tensor values, long count) => [.. values.flatten().narrow(0, 0, count).data<float>().Select(value => (double)value)];
}
