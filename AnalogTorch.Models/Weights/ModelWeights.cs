using AnalogTorch.Checkpoints;
using AnalogTorch.Layers;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>Weights from files into models, and back.</summary>
public static class ModelWeights
{
    private const string Counter = "num_batches_tracked", Scale = "_scale";

    /// <summary>Reads weights by name into a model, digital or converted; see <see cref="LoadWeights(nn.Module, WeightFile, WeightFit, Func{string, string}?)"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file; of a model in several files their index, or the folder with it.</param>
    /// <param name="fit">How well the file must fit the model.</param>
    /// <param name="rename">The model's name of a tensor of the file; null leaves names as they are.</param>
    public static WeightReport LoadWeights(this nn.Module model, string path, WeightFit fit = WeightFit.Exact, Func<string, string>? rename = null)
    {
        using var file = WeightFile.Open(path);
        return model.LoadWeights(file, fit, rename);
    }

    /// <summary>Reads weights by name into a model, digital or converted; devices that hold weights are written as well.</summary>
    /// <remarks>
    /// Elements are converted to the model's type. An int8 tensor beside one of its name with <c>_scale</c>, one factor an output, is multiplied by it.
    /// Counters of batches (<c>num_batches_tracked</c>) may be missing, as they are in many files. Nothing is changed if the file does not fit, or holds values
    /// that the model's type has not, such as NaN, infinity, or fractions for a counter.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="file">The file.</param>
    /// <param name="fit">How well the file must fit the model.</param>
    /// <param name="rename">The model's name of a tensor of the file; null leaves names as they are.</param>
    /// <returns>What became of every name; its <c>ToString</c> is a table.</returns>
    /// <exception cref="InvalidDataException">The file does not fit the model, or is damaged.</exception>
    public static WeightReport LoadWeights(this nn.Module model, WeightFile file, WeightFit fit = WeightFit.Exact, Func<string, string>? rename = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(file);
        var report = Match(model, file, rename ?? (name => name), out var sources);
        report.ThrowUnless(fit, file.Path);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var state = model.EffectiveState();
        // All are read before the first is written, so that a damaged file changes nothing.
        var values = report.Rows.Where(row => row.Outcome == WeightOutcome.Loaded)
            .Select(row => (Target: state[row.Name], Values: Converted(file, row.Name, sources[row.Name], state[row.Name].dtype))).ToArray();
        // Devices may refuse, and have a state of their own beside the weights.
        var before = model.AnalogTiles().Any() ? model.state_dict().Values.Select(tensor => (Target: tensor, Values: tensor.clone())).ToArray() : [];
        try
        {
            Copy(values);
            model.WriteHardware();
            return report;
        }
        catch
        {
            Copy(before);
            throw;
        }
    }

    /// <summary>Whether a file holds exactly the tensors of a model, in its shapes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="file">The file.</param>
    public static bool FitsWeights(this nn.Module model, WeightFile file)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(file);
        return Match(model, file, name => name, out _).IsComplete;
    }

    /// <summary>Numbers that a model can take from a file: factors of whole numbers and counters of batches left out.</summary>
    /// <param name="file">The file.</param>
    public static long CountElements(this WeightFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Entries.Where(entry => entry.Name.Split('.')[^1] != Counter && !IsScale(file, entry.Name)).Sum(entry => entry.Count);
    }

    /// <summary>Writes the effective weights of a model, digital or converted, under their plain names.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file; its extension says the format: .safetensors, .pth, .pt or .dat. One that exists, or that a link leads to, is replaced in a single step.</param>
    /// <exception cref="ArgumentException">No format has this extension.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveWeights(this nn.Module model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var extension = Path.GetExtension(path).ToLowerInvariant();
        var format = WeightFormat.All.FirstOrDefault(format => format.WrittenAs.Contains(extension))
            ?? throw new ArgumentException($"SaveWeights.path must end in {string.Join(", ", WeightFormat.All.SelectMany(format => format.WrittenAs))}, but is {path}.");
        try
        {
            WholeFile.Write(path, stream => format.Write(stream, [.. model.EffectiveState().Select(entry => (entry.Key, entry.Value))]));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The weights could not be written to {path} ({WholeFile.Reason(exception)}); choose a folder that can be written to and has room.", exception);
        }
    }

    private static void Copy(IEnumerable<(Tensor Target, Tensor Values)> pairs)
    {
        foreach (var (target, values) in pairs)
            target.copy_(values);
    }

    private static WeightReport Match(nn.Module model, WeightFile file, Func<string, string> rename, out Dictionary<string, string> sources)
    {
        var state = model.EffectiveState();
        sources = new(StringComparer.Ordinal);
        foreach (var entry in file.Entries)
        {
            if (ScaledBy(file, entry.Name) is null && IsScale(file, entry.Name))
                continue;
            var name = rename(entry.Name);
            if (!sources.TryAdd(name, entry.Name))
                throw new InvalidDataException($"{file.Path} gives {FileFault.Quoted(name)} twice, by {FileFault.Quoted(sources[name])} and {FileFault.Quoted(entry.Name)}; change the renaming.");
        }
        var rows = new List<WeightRow>();
        foreach (var (name, target) in state)
        {
            var shape = $"[{string.Join(", ", target.shape)}]";
            if (!sources.TryGetValue(name, out var source))
            {
                var mayBeMissing = name.Split('.')[^1] == Counter;
                rows.Add(new(name, mayBeMissing ? WeightOutcome.Kept : WeightOutcome.Missing, shape, mayBeMissing ? "a counter of batches, not in the file" : "not in the file"));
                continue;
            }
            var entry = file.Entry(source);
            var note = string.Join(", ", new[]
            {
                source == name ? null : $"from {source}",
                ScaledBy(file, source) is null ? null : $"{entry.Type} × scale",
                entry.Type == target.dtype || ScaledBy(file, source) is not null ? null : $"{entry.Type} → {target.dtype}",
            }.OfType<string>());
            rows.Add(entry.Shape.SequenceEqual(target.shape)
                ? new(name, WeightOutcome.Loaded, shape, note)
                : new(name, WeightOutcome.Misshapen, shape, $"{entry.ShapeText} in the file"));
        }
        foreach (var (name, source) in sources)
            if (!state.ContainsKey(name))
                rows.Add(new(name, WeightOutcome.Unexpected, file.Entry(source).ShapeText, "not in the model"));
        return new(Path.GetFileName(file.Path), rows);
    }

    /// <summary>Values of a file in a type of the model's, which has each of them.</summary>
    private static Tensor Converted(WeightFile file, string name, string source, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var values = Values(file, source);
        var converted = values.dtype == type ? values : values.to(type);
        if (!converted.isfinite().all().item<bool>())
            throw new InvalidDataException($"{file.Path} does not fit the model: {FileFault.Quoted(name)} holds NaN or infinity, or a number too large for {type}; get a file of finite weights.");
        if (!converted.is_floating_point() && values.is_floating_point() && !converted.to(values.dtype).eq(values).all().item<bool>())
            throw new InvalidDataException($"{file.Path} does not fit the model: {FileFault.Quoted(name)} holds numbers with fractions, but the model has {type} there; get a file of whole numbers.");
        return converted.MoveToOuterDisposeScope();
    }

    private static Tensor Values(WeightFile file, string name)
    {
        var values = file.ReadFor(name);
        if (ScaledBy(file, name) is not { } scale)
            return values;
        var factors = file.ReadFor(scale).to(ScalarType.Float32);
        return values.to(ScalarType.Float32).mul_(factors.view([-1, .. Enumerable.Repeat(1L, (int)values.dim() - 1)]));
    }

    /// <summary>The name of the factors by which a tensor of whole numbers is to be multiplied; null if there are none.</summary>
    private static string? ScaledBy(WeightFile file, string name) =>
        file.Entry(name) is { Type: ScalarType.Int8, Shape: [var outputs, ..] } && file.Contains(name + Scale) && file.Entry(name + Scale).Count == outputs ? name + Scale : null;

    private static bool IsScale(WeightFile file, string name) =>
        name.EndsWith(Scale, StringComparison.Ordinal) && file.Contains(name[..^Scale.Length]) && ScaledBy(file, name[..^Scale.Length]) is not null;
}
