using AnalogTorch.Core;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>The state of an optimizer in a checkpoint: what it is of, the options of its groups, and what it remembers of each parameter.</summary>
internal static class OptimizerEntry
{
    private const string BuildTheSame = "build it of the same class, with the same parameter groups and options";

    /// <summary>Writes it.</summary>
    public static void Write(Stream output, OptimizerHelper optimizer)
    {
        using var writer = new StateWriter(output);
        writer.Write(optimizer.GetType().FullName!);
        writer.Write(GroupsOf(optimizer));
        writer.End();
        var state = optimizer.state_dict();
        foreach (var options in state.Options)
        {
            options.SaveStateDict(writer);
            writer.End();
        }
        foreach (var memory in state.State)
        {
            memory.SaveStateDict(writer);
            writer.End();
        }
    }

    /// <summary>Checks from the first byte to the last whether a state is one of such an optimizer; nothing is changed.</summary>
    public static void Check(Stream input, OptimizerHelper optimizer)
    {
        input.Position = 0;
        if (!StateReader.SkipObject(input, NoTensor))
            throw Damaged();
        var end = input.Position;
        input.Position = 0;
        using (var reader = new StateReader(input))
        {
            var (type, groups) = (reader.ReadString(), reader.ReadString());
            reader.End();
            if (type != optimizer.GetType().FullName)
                throw new CheckpointFault($"belongs to another optimizer, {Quotation.Of(type)} and not '{optimizer.GetType().FullName}'", BuildTheSame);
            if (groups != GroupsOf(optimizer))
                throw new CheckpointFault($"belongs to another optimizer: its parameter groups are {Quotation.Of(groups)} and not {Quotation.Of(GroupsOf(optimizer))}", BuildTheSame);
        }
        input.Position = end;
        var state = optimizer.state_dict();
        var parameters = optimizer.parameters().ToArray();
        for (var group = 0; group < state.Options.Count; group++)
            if (!StateReader.SkipObject(input, NoTensor))
                throw Damaged();
        for (var i = 0; i < state.State.Count; i++)
        {
            var parameter = i < parameters.Length ? TensorHeader.Of(parameters[i]) : new(ScalarType.Float32, []);
            if (!StateReader.SkipObject(input, IsOurs(optimizer) ? header => header.Type == parameter.Type && header.Shape.SequenceEqual(parameter.Shape) : header => header.Bytes <= 4 * parameter.Bytes + 64))
                throw Damaged();
        }
        if (input.Position != input.Length)
            throw Damaged();
    }

    /// <summary>Gives an optimizer a state that passed <see cref="Check"/>; if it will not have it, it keeps its own.</summary>
    public static void Load(Stream input, OptimizerHelper optimizer)
    {
        using var own = new ChunkedStream();
        Write(own, optimizer);
        try
        {
            Give(input, optimizer);
        }
        catch (Exception exception)
        {
            Give(own, optimizer);
            throw new CheckpointFault("belongs to another optimizer, or to one with other options", BuildTheSame, exception);
        }
    }

    private static void Give(Stream input, OptimizerHelper optimizer)
    {
        input.Position = 0;
        using var scope = NewDisposeScope();
        using var reader = new StateReader(input);
        try
        {
            reader.ReadString();
            reader.ReadString();
            reader.End();
            var state = optimizer.state_dict();
            foreach (var options in state.Options)
            {
                options.LoadStateDict(reader);
                reader.End();
            }
            foreach (var memory in state.State)
            {
                memory.LoadStateDict(reader);
                reader.End();
            }
        }
        finally
        {
            scope.Detach([.. scope.DisposablesView]); // what was read belongs to the optimizer, not to a scope that is around the call
        }
    }

    private static CheckpointFault Damaged() => new("is damaged: what it holds of the optimizer does not belong to the parameters");

    private static bool NoTensor(TensorHeader header) => false;

    /// <summary>Whether all that an optimizer remembers has the shape of its parameters, as in torch's.</summary>
    private static bool IsOurs(OptimizerHelper optimizer) => optimizer.GetType().Assembly == typeof(torch).Assembly || optimizer.GetType().Assembly == typeof(OptimizerEntry).Assembly;

    /// <summary>The parameters of each group in turn, by type and shape.</summary>
    private static string GroupsOf(OptimizerHelper optimizer) =>
        string.Join("; ", optimizer.ParamGroups.Select(group => group is ParamGroup typed ? string.Join(", ", typed.Parameters.Select(parameter => TensorHeader.Of(parameter))) : "?"));
}
