using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Torch's clipping of gradients, where some are those of weights in memory.</summary>
/// <remarks>
/// Such a gradient is Σ δ·xᵀ over the examples that wait for the optimizer. It is worked out here for its norm; what clipping makes of it is a
/// factor on the examples, and so on the pulses.
/// </remarks>
internal static class GradientClipping
{
    /// <summary>Scales all gradients so that their common norm is at most a limit.</summary>
    /// <param name="parameters">Parameters, in memory or not.</param>
    /// <param name="maxNorm">The limit.</param>
    /// <param name="normType">The p of the p-norm; infinity for the largest value.</param>
    /// <returns>The norm before.</returns>
    public static double Norm(IEnumerable<Parameter> parameters, double maxNorm, double normType)
    {
        var (all, hidden) = Split(parameters);
        if (hidden.Length == 0)
            return nn.utils.clip_grad_norm_(all, maxNorm, normType);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] gradients =
        [
            .. all.Select(parameter => parameter.grad).OfType<Tensor>(),
            .. hidden.SelectMany(entry => Given(entry)),
        ];
        var norms = gradients.Select(gradient => NormOf(gradient, normType)).ToArray();
        var total = double.IsInfinity(normType) ? norms.Max() : Math.Pow(norms.Sum(norm => Math.Pow(norm, normType)), 1 / normType);
        var factor = maxNorm / (total + 1e-6); // as torch has it
        if (factor < 1)
        {
            if (hidden.FirstOrDefault(entry => entry.Tile.LearnsTogether && !(entry.Roles.Weight && entry.Roles.Bias)).Tile is { } half)
                throw new InvalidOperationException($"{half.Name}: clip_grad_norm_ needs its weight and its bias together, since both are moved by the same pulse trains; hand in both, or put the bias beside the array with TileConfig.Bias = new DigitalBias().");
            foreach (var parameter in all)
                if (parameter.grad is { } gradient)
                    gradient.mul_((float)factor);
            foreach (var (tile, _) in hidden)
                tile.ScalePending(factor);
        }
        return total;
    }

    /// <summary>Limits every element of all gradients.</summary>
    /// <param name="parameters">Parameters, in memory or not.</param>
    /// <param name="limit">The largest absolute value.</param>
    /// <exception cref="InvalidOperationException">An element of a gradient in memory is larger, so that it would have to change alone.</exception>
    public static void Value(IEnumerable<Parameter> parameters, double limit)
    {
        var (all, hidden) = Split(parameters);
        using (no_grad())
        using (NewDisposeScope())
        {
            foreach (var entry in hidden)
                if (Given(entry).Select(gradient => NormOf(gradient, double.PositiveInfinity)).Append(0).Max() is var largest && largest > limit)
                    throw new InvalidOperationException($"{entry.Tile.Name}: clip_grad_value_ would limit single elements of its gradient, of which the largest is {largest:G4}, to {limit:G4}; it is in analog memory, whose pulses are made from inputs and errors, so use clip_grad_norm_, or leave the layer digital.");
        }
        if (all.Length > 0)
            nn.utils.clip_grad_value_(all, limit);
    }

    /// <summary>Parameters whose gradients torch has, and tiles that keep theirs to themselves, with the roles that were asked for.</summary>
    private static (Parameter[] All, (AnalogTile Tile, (bool Weight, bool Bias) Roles)[] Hidden) Split(IEnumerable<Parameter> parameters)
    {
        var all = new List<Parameter>();
        var hidden = new Dictionary<AnalogTile, (bool Weight, bool Bias)>();
        foreach (var parameter in parameters)
        {
            all.Add(parameter);
            if (!AnalogLayer.TryGetTile(parameter, out var tile) || tile.PendingUpdates == 0)
                continue;
            tile.ThrowIfFaulted();
            var (weight, bias) = hidden.GetValueOrDefault(tile);
            hidden[tile] = parameter.dim() == 1 ? (weight, true) : (true, bias);
        }
        return ([.. all], [.. hidden.Where(entry => entry.Key.HidesGradients).Select(entry => (entry.Key, entry.Value))]);
    }

    private static IEnumerable<Tensor> Given((AnalogTile Tile, (bool Weight, bool Bias) Roles) entry)
    {
        var (weight, bias) = entry.Tile.PendingGradients();
        if (weight is not null && entry.Roles.Weight)
            yield return weight;
        if (bias is not null && entry.Roles.Bias)
            yield return bias;
    }

    private static double NormOf(Tensor gradient, double normType) => gradient.NumberOfElements == 0
        ? 0
        : double.IsInfinity(normType)
            ? gradient.abs().max().item<float>()
            : Math.Pow(gradient.abs().to_type(ScalarType.Float64).pow(normType).sum().item<double>(), 1 / normType);
}
