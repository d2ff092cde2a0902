using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Counts the products that a model's own code takes digitally, past all layers, where the build led such calls here.</summary>
internal static class ProductWatch
{
    [ThreadStatic]
    private static Action<string, long>? seen;

    [ThreadStatic]
    private static int paused;

    /// <summary>Has the products of this thread counted, until what is returned is disposed of.</summary>
    /// <param name="product">Told of each: its function, and its multiply-accumulates.</param>
    public static IDisposable Begin(Action<string, long> product)
    {
        var former = (seen, paused);
        (seen, paused) = (product, 0);
        return new Removal(() => (seen, paused) = former);
    }

    /// <summary>Counts no products until <see cref="Resume"/>: a layer runs whose work is counted as its own.</summary>
    public static void Pause() => paused++;

    /// <summary>The layer has run.</summary>
    public static void Resume() => paused--;

    /// <summary>Notes a product that has run.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="multiplyAccumulates">Those of the forward product, worked out only if somebody looks.</param>
    /// <param name="factors">What was multiplied: a backward pass multiplies once more for each that wants a gradient.</param>
    public static void Note(string function, Func<long> multiplyAccumulates, params ReadOnlySpan<Tensor?> factors)
    {
        if (seen is not { } listener || paused > 0)
            return;
        var passes = 1;
        foreach (var factor in factors)
            if (factor is { requires_grad: true } && is_grad_enabled())
                passes++;
        if (multiplyAccumulates() is > 0 and var count) // stand-ins without samples multiply nothing
            listener(function, passes * count);
    }

    /// <summary>Multiply-accumulates of an Einstein sum: one for each combination of its indices.</summary>
    /// <param name="equation">Such as <c>bij,bjk-&gt;bik</c>; an ellipsis stands for what an operand has more dimensions than letters.</param>
    /// <param name="operands">What is multiplied.</param>
    public static long OfEinsum(string equation, IReadOnlyList<Tensor> operands)
    {
        var sizes = new Dictionary<string, long>();
        var terms = equation.Replace(" ", "", StringComparison.Ordinal).Split("->")[0].Split(',');
        foreach (var (term, operand) in terms.Zip(operands))
        {
            var (before, after) = term.Split("...") is [var head, var tail] ? (head, tail) : (term, "");
            var shape = operand.shape;
            for (var i = 0; i < shape.Length; i++)
            {
                var fromEnd = shape.Length - i;
                var label = i < before.Length ? before[i].ToString() : fromEnd <= after.Length ? after[^fromEnd].ToString() : $"...{fromEnd - after.Length}";
                sizes[label] = Math.Max(sizes.GetValueOrDefault(label, 1), shape[i]);
            }
        }
        return sizes.Values.Aggregate(1L, (product, size) => product * size);
    }
}
