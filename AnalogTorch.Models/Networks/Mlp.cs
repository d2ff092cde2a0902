using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>Fully connected networks of torch's own layers.</summary>
public static class Mlp
{
    /// <summary>The network of Burr et al. (2014) and Ambrogio et al. (2018) for 22×24 crops of MNIST: 164,885 weights.</summary>
    public static IReadOnlyList<long> Mnist { get; } = [528, 250, 125, 10];

    /// <summary>Linear layers <c>fc1</c>, <c>fc2</c>, … with tanh between them, and torch's start values drawn from a seed.</summary>
    /// <param name="widths">Number of inputs, of the units of each hidden layer, and of outputs.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentException">Fewer than two widths, or one that is not positive.</exception>
    public static Sequential Create(IReadOnlyList<long> widths, long seed)
    {
        if (widths.Count < 2 || widths.Any(width => width <= 0))
            throw new ArgumentException($"Mlp.Create needs two or more positive widths, but got [{string.Join(", ", widths)}].", nameof(widths));
        var rng = Rng.FromSeed(seed).Split("start");
        var layers = new List<(string Name, Module<Tensor, Tensor> Module)>();
        for (var i = 1; i < widths.Count; i++)
        {
            var layer = Linear(widths[i - 1], widths[i]);
            Start(layer.weight!, rng.Split(i).Split("weight"), widths[i - 1]);
            Start(layer.bias!, rng.Split(i).Split("bias"), widths[i - 1]);
            layers.Add(($"fc{i}", layer));
            if (i < widths.Count - 1)
                layers.Add(($"act{i}", Tanh()));
        }
        return Sequential(layers);
    }

    /// <summary>Uniform in ±1/√inputs, as torch starts a linear layer.</summary>
    private static void Start(Parameter parameter, Rng rng, long inputs)
    {
        using var noGrad = no_grad();
        using var uniform = Noise.Uniform(rng, parameter.shape);
        parameter.copy_(uniform.mul_((float)(2 / Math.Sqrt(inputs))).sub_((float)(1 / Math.Sqrt(inputs))));
    }
}
