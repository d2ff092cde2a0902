using System.IO.Compression;
using System.Text.Json;
using AnalogTorch.Core;
using AnalogTorch.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>A whole training in one file: parameters, everything the hardware holds, random streams, optimizer, and what they belong to.</summary>
/// <remarks>
/// <para>
/// A zip archive of <c>manifest.json</c> (format, shapes, hardware of every layer, SHA-256 of the rest), <c>model.dat</c> and, as far as there are any,
/// <c>counters.json</c> of hardware-aware layers, <c>optimizer.dat</c>, <c>generator.dat</c> and <c>training.dat</c>. It is written beside its final name
/// and renamed, so a file of that name is whole or the one before it.
/// </para>
/// <para>
/// Resuming from it gives, bit for bit, the run that never stopped: with the optimizer the state of torch's own generator is kept, from which dropout draws,
/// and a <see cref="TrainingState"/> keeps what else the program remembers. The generators of CUDA devices are the exception, since TorchSharp gives no
/// way to them.
/// </para>
/// <para>A file is read and checked from end to end before anything changes, in memory for one more copy of the model and two of the optimizer's state.</para>
/// </remarks>
public static class Checkpoint
{
    private const string ModelName = "model.dat", CountersName = "counters.json", OptimizerName = "optimizer.dat", GeneratorName = "generator.dat", TrainingName = "training.dat";
    private const long Slack = 1 << 20;

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="path">The file, or a link to it; one that exists is replaced in a single step.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer; null if there is none to resume.</param>
    /// <param name="training">What else the training program remembers; null for nothing.</param>
    /// <exception cref="IOException">The file cannot be written, or the path is that of a folder, device, pipe or socket.</exception>
    public static void Save(string path, nn.Module model, OptimizerHelper? optimizer = null, TrainingState? training = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(model);
        try
        {
            WholeFile.Write(path, stream => Save(stream, model, optimizer, training));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The checkpoint {path} could not be written ({WholeFile.Reason(exception)}); choose a folder that can be written to and has room.", exception);
        }
    }

    /// <summary>Writes a checkpoint into a stream, which stays open.</summary>
    /// <param name="stream">The stream; it need not seek.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer; null if there is none to resume.</param>
    /// <param name="training">What else the training program remembers; null for nothing.</param>
    public static void Save(Stream stream, nn.Module model, OptimizerHelper? optimizer = null, TrainingState? training = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(model);
        var state = model.state_dict();
        var contents = new List<(string, CompressionLevel, Action<Stream>)> { (ModelName, CompressionLevel.Fastest, output => ModelEntry.Write(output, state)) };
        if (CountersEntry.Bytes(model) is { } counters)
            contents.Add((CountersName, CompressionLevel.Fastest, output => output.Write(counters)));
        // What may be of any length is not packed, so that a reader knows it to be in proportion to the file.
        if (optimizer is not null)
            contents.Add((OptimizerName, CompressionLevel.NoCompression, output => OptimizerEntry.Write(output, optimizer)));
        if (training is not null)
            contents.Add((TrainingName, CompressionLevel.NoCompression, training.Write));
        if (optimizer is not null || training is not null)
            contents.Add((GeneratorName, CompressionLevel.NoCompression, output => output.Write(GeneratorEntry.Bytes())));
        CheckpointArchive.Write(stream, contents, hashes => ManifestOf(model, state, hashes));
    }

    /// <summary>Reads a checkpoint into a model of the same layers on the same hardware, and its optimizer: all of it, or nothing if it is refused.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model, converted as the saved one was.</param>
    /// <param name="optimizer">The optimizer to resume; null leaves the saved one aside, and torch's generator as it is.</param>
    /// <returns>What the training program saved of its own; empty if it saved nothing.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no checkpoint, is damaged, or belongs to another model, hardware or optimizer.</exception>
    public static TrainingState Load(string path, nn.Module model, OptimizerHelper? optimizer = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path) && !Directory.Exists(path))
            throw new FileNotFoundException($"There is no checkpoint {path}; check the path.", path);
        using var file = WholeFile.OpenRead(path);
        return Load(file, path, model, optimizer);
    }

    /// <summary>Reads a checkpoint from a stream that can seek, and which stays open.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="model">The model, converted as the saved one was.</param>
    /// <param name="optimizer">The optimizer to resume; null leaves the saved one aside, and torch's generator as it is.</param>
    /// <returns>What the training program saved of its own; empty if it saved nothing.</returns>
    /// <exception cref="InvalidDataException">The stream holds no checkpoint, a damaged one, or one of another model, hardware or optimizer.</exception>
    public static TrainingState Load(Stream stream, nn.Module model, OptimizerHelper? optimizer = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Load(stream, "in the stream", model, optimizer);
    }

    private static TrainingState Load(Stream source, string path, nn.Module model, OptimizerHelper? optimizer)
    {
        ArgumentNullException.ThrowIfNull(model);
        try
        {
            return Load(source, model, optimizer, model.state_dict());
        }
        catch (CheckpointFault fault)
        {
            throw new InvalidDataException($"The checkpoint {path} {fault.Message}; {fault.Remedy}.", fault);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or NotSupportedException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"The checkpoint {path} is damaged or cut off; {CheckpointFault.TakeEarlier}.", exception);
        }
    }

    private static TrainingState Load(Stream source, nn.Module model, OptimizerHelper? optimizer, IReadOnlyDictionary<string, Tensor> state)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var archive = CheckpointArchive.Open(source);
        var own = ManifestOf(model, state, []);
        var manifest = archive.Manifest(JsonSerializer.SerializeToUtf8Bytes(own, CheckpointJson.Options).Length);
        Same("parameters and state", manifest.Shapes, own.Shapes);
        Same("hardware", manifest.Hardware, own.Hardware);
        if (optimizer is not null && !archive.Has(OptimizerName))
            throw new CheckpointFault("holds no optimizer", "load it with the model alone");

        var values = archive.Read(ModelName, (length, _) => length == ModelEntry.Length(state), (input, _) => ModelEntry.Read(input, state));
        var counters = CountersEntry.Bytes(model) is null
            ? []
            : CountersEntry.Read(archive.Read(CountersName, (length, _) => length <= CountersEntry.MostBytes(model), All), model);
        using var optimizerState = optimizer is null ? null : Staged(archive, OptimizerName);
        if (optimizer is not null)
            OptimizerEntry.Check(optimizerState!, optimizer);
        using var trainingState = archive.Has(TrainingName) ? Staged(archive, TrainingName) : null;
        var training = trainingState is null ? [] : TrainingState.Read(trainingState);
        var generator = optimizer is not null || (trainingState is not null && !archive.Has(OptimizerName))
            ? GeneratorEntry.State(archive.Read(GeneratorName, (length, _) => length == GeneratorEntry.Bytes().Length, All))
            : null;

        // All is read and checked. The optimizer comes first, since it alone may still refuse, and then keeps its own state.
        if (optimizer is not null)
            OptimizerEntry.Load(optimizerState!, optimizer);
        foreach (var (target, read) in values)
            target.copy_(read);
        CountersEntry.Set(counters, model);
        if (generator is not null)
            GeneratorEntry.Set(generator);
        return training;
    }

    private static byte[] All(Stream input, long length)
    {
        var content = new byte[length];
        input.ReadExactly(content);
        return content;
    }

    private static ChunkedStream Staged(CheckpointArchive archive, string name) => archive.Read(
        name,
        (length, packed) => length <= packed + Slack,
        (input, _) =>
        {
            var staged = new ChunkedStream();
            input.CopyTo(staged);
            return staged;
        });

    private static void Same(string what, Dictionary<string, string> saved, Dictionary<string, string> present)
    {
        foreach (var name in saved.Keys.Union(present.Keys))
        {
            var (there, here) = (saved.GetValueOrDefault(name, "missing"), present.GetValueOrDefault(name, "missing"));
            if (there != here)
                throw new CheckpointFault($"does not fit the model: {what} of {Quotation.Of(name)} differ, {Short(there)} in the file and {Short(here)} in the model", "build and convert the model as it was when it was saved");
        }

        static string Short(string? text) => text is { Length: <= 60 } && !text.Any(char.IsControl) ? text : "other values";
    }

    private static Manifest ManifestOf(nn.Module model, IReadOnlyDictionary<string, Tensor> state, Dictionary<string, string> hashes) => new(
        CheckpointArchive.Format, CheckpointArchive.Version,
        state.ToDictionary(entry => entry.Key, entry => TensorHeader.Of(entry.Value).ToString()),
        model.AllTiles().ToDictionary(entry => entry.Name, entry => ConfigJson.Write(entry.Tile.Hardware)),
        hashes);
}
